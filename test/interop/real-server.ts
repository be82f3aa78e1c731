/**
 * Real MCP servers for tests: a command on a free port of 127.0.0.1 that is awaited until it answers HTTP, and ends with the test runner
 * however that ends. What a server says is kept, bounded, for the message of a failure. `stopRealServers` belongs into `afterAll`.
 */
import type { ChildProcess } from 'node:child_process';
import http from 'node:http';
import { connect } from 'node:net';
import { isAlive, spawnTethered } from '../../hack/controlplane/children.ts';
import { until } from '../platform/until.ts';
import { closedPort } from '../probe/scripted-server.ts';

/** How a server is started; `port` is the one it must listen on. */
export interface StartCommand {
  /** For people: the name in messages and test titles. */
  readonly name: string;
  readonly command: string;
  args(port: number): readonly string[];
  /** Added to the environment. Default: nothing. */
  env?(port: number): Readonly<Record<string, string>>;
  /** Path of the MCP endpoint. Default: `/mcp`. */
  readonly path?: string;
  /** Default: `http`. A server of `https` counts as started when it takes a connection. */
  readonly scheme?: 'http' | 'https';
}

export interface RealServer {
  readonly name: string;
  readonly port: number;
  /** The MCP endpoint, or another path of the same server. */
  url(path?: string): string;
  /** The end of what it printed, at most 32 KiB. */
  log(): string;
  /** Ends it and its children: SIGTERM, and SIGKILL after 3 s. Idempotent. */
  stop(): Promise<void>;
}

const LOG_CHARACTERS = 32 * 1024;
/** A cold Python server takes 1.3 s on an idle machine; two cores that four servers share may need ten times that. */
const START_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 3_000;

const running = new Set<RealServer>();

/** Stops whatever is still running, also after a failed test. */
export async function stopRealServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}

/** Starts a server and waits until it answers. Rejects with its output when it ends or stays silent. */
export async function startRealServer(start: StartCommand): Promise<RealServer> {
  const port = await closedPort();
  const child = spawnTethered(start.command, start.args(port), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...start.env?.(port) },
  });
  let log = '';
  const keep = (text: string) => {
    log = `${log}${text}`.slice(-LOG_CHARACTERS);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      keep(error.message);
      end();
    });
  });
  const server: RealServer = {
    name: start.name,
    port,
    url: (path = start.path ?? '/mcp') => `${start.scheme ?? 'http'}://127.0.0.1:${port}${path}`,
    log: () => log,
    async stop() {
      running.delete(server);
      await endGroup(child, gone);
    },
  };
  running.add(server);
  try {
    const isUp = start.scheme === 'https' ? accepts : answers;
    await until(async () => ended || (await isUp(port)), { what: `${start.name} answers`, timeoutMs: START_TIMEOUT_MS });
    if (ended) throw new Error('it ended');
  } catch (error) {
    await server.stop();
    throw new Error(`${start.name} did not start: ${log || 'it said nothing'}`, { cause: error });
  }
  return server;
}

/** The process leads a group of its own, so children that it started over stdio end too. */
async function endGroup(child: ChildProcess, gone: Promise<void>): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), STOP_GRACE_MS);
  await gone;
  clearTimeout(timer);
  if (isAlive(-pid)) signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The whole group has ended meanwhile.
  }
}

/** Whether anything on `port` takes connections. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Whether anything on `port` answers HTTP; which status does not matter. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, path: '/', timeout: 1_000 }, (reply) => {
      reply.destroy();
      resolve(true);
    });
    request.on('error', () => resolve(false));
    request.on('timeout', () => request.destroy());
  });
}
