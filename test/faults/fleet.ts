/**
 * A fleet of scripted MCP servers in this process, each on a port of 127.0.0.1 of its own, that count what the operator does to them:
 * connections, requests, probes and retries in flight, of each server and of all.
 *
 * A probe is in flight from its first request until `tools/list`, or anything without success, is answered, or until its connection is
 * gone; with each further request it is so again. It is a retry when the server's last answered probe failed. So what the servers count
 * is never more than what the operator has under way, and "at most five retries" is judged by the servers alone.
 * Probes are counted right where they make one attempt (`spec.retry.attempts: 1`).
 */
import { holdPort } from '../../hack/held-port.ts';
import { type Conduct, createMember, type FleetMember, type FleetServer, type ServerCounts } from './fleet-server.ts';

export interface FleetCounts {
  readonly connections: number;
  readonly open: number;
  readonly requests: number;
  readonly probes: number;
  readonly retries: number;
  readonly probesInFlight: number;
  readonly retriesInFlight: number;
  /** The most at once since the last {@link Fleet.reset}. */
  readonly peakProbes: number;
  readonly peakRetries: number;
}

export interface Fleet {
  /** Opens a server; its name must be new. */
  open(name: string, conduct?: Conduct): Promise<FleetServer>;
  server(name: string): FleetServer;
  /** All, in the order in which they were opened. */
  servers(): FleetServer[];
  counts(): FleetCounts;
  /** Counters to zero; what is in flight stays so. */
  reset(): void;
  close(): Promise<void>;
}

/** No server yet. Close it. */
export function createFleet(): Fleet {
  const servers = new Map<string, FleetMember>();
  const tally = createTally();
  return {
    async open(name, conduct = { kind: 'healthy' }) {
      if (servers.has(name)) throw new Error(`a server ${name} is open already`);
      const server = createMember(name, await holdPort(), tally);
      servers.set(name, server);
      await server.listen();
      await server.become(conduct);
      return server;
    },
    server(name) {
      const server = servers.get(name);
      if (server === undefined) throw new Error(`no server ${name}`);
      return server;
    },
    servers: () => [...servers.values()],
    counts() {
      const each = [...servers.values()].map((server) => server.counts());
      const sum = (of: (counts: ServerCounts) => number) => each.reduce((total, counts) => total + of(counts), 0);
      return {
        connections: sum(({ connections }) => connections),
        open: sum(({ open }) => open),
        requests: sum(({ requests }) => requests),
        probes: sum(({ probes }) => probes),
        retries: sum(({ retries }) => retries),
        ...tally.read(),
      };
    },
    reset() {
      tally.reset();
      for (const server of servers.values()) server.reset();
    },
    async close() {
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}

/** Counts over all servers of a fleet. */
export type Tally = ReturnType<typeof createTally>;

/**
 * Counts over all servers. A peak is taken a turn of the event loop after a begin: the end of the probe before it may stand in the same
 * batch of socket events.
 */
function createTally() {
  let probes = 0;
  let retries = 0;
  let peakProbes = 0;
  let peakRetries = 0;
  return {
    begin(isRetry: boolean): () => void {
      probes += 1;
      if (isRetry) retries += 1;
      setImmediate(() => {
        peakProbes = Math.max(peakProbes, probes);
        peakRetries = Math.max(peakRetries, retries);
      });
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        probes -= 1;
        if (isRetry) retries -= 1;
      };
    },
    read: () => ({
      probesInFlight: probes,
      retriesInFlight: retries,
      peakProbes,
      peakRetries,
    }),
    reset() {
      peakProbes = probes;
      peakRetries = retries;
    },
  };
}
