/**
 * What the bench and the process of the farm say to each other over IPC.
 */
import * as z from 'zod';

/** How a mock server treats everybody. */
export const Behaviour = z.discriminatedUnion('kind', [
  /** Today's protocol: `server/discover` and `tools/list`. */
  z.strictObject({ kind: z.literal('healthy') }),
  /** Protocol 2025-11-25: `initialize`, a session, `tools/list`. */
  z.strictObject({ kind: z.literal('legacy') }),
  /** Nobody listens. */
  z.strictObject({ kind: z.literal('refused') }),
  /** Takes connections and requests, and never answers. */
  z.strictObject({ kind: z.literal('tarpit') }),
  /** 503 after a wait: so that a request lasts long enough to be seen beside others. */
  z.strictObject({ kind: z.literal('unavailable'), delayMs: z.int().min(0).max(60_000) }),
]);
export type Behaviour = z.output<typeof Behaviour>;

export const Ask = z.discriminatedUnion('do', [
  /** Opens so many healthy servers; answered with their URLs, in order. */
  z.strictObject({ do: z.literal('open'), count: z.int().min(1).max(20_000) }),
  /** Gives each server in the list (indices) a behaviour. */
  z.strictObject({ do: z.literal('behave'), servers: z.array(z.int().min(0)), behaviour: Behaviour }),
  /** What these servers are asked next is a retry, until they have answered a whole probe: their client knows them as failed. */
  z.strictObject({ do: z.literal('expect'), servers: z.array(z.int().min(0)) }),
  /** All counters to zero: what comes next is a first probe again. */
  z.strictObject({ do: z.literal('reset') }),
  z.strictObject({ do: z.literal('read') }),
]);
export type Ask = z.output<typeof Ask>;

const count = z.int().min(0);

/** What the servers saw since the last reset. A request is open from its last byte until its answer is written or its socket closed. */
export const Sightings = z.strictObject({
  /** By JSON-RPC method. */
  requests: z.record(z.string(), count),
  /** Servers that were asked anything. */
  serversAsked: count,
  /** A probe begins with `server/discover`; with the modern era alone each is one. */
  probes: count,
  /** Wall time of the first request; undefined before it. */
  firstRequestMs: z.number().optional(),
  /** Most connections to healthy servers at once: those answer at once, so a request is never seen beside another. */
  peakConnections: count,
  /** Most requests to failing servers open at once. */
  peakFailing: count,
  /**
   * Requests to a failing server after its first one, and whole probes of servers of which retries are expected; and the most of them
   * open at once. Refused connections reach nobody who counts.
   */
  retries: count,
  peakRetries: count,
  /** Probes by the second since the first request. At most {@link MAX_SECONDS}. */
  probesBySecond: z.array(count),
  /** The most open within each 100 ms. At most {@link MAX_TICKS}. */
  timeline: z.array(z.strictObject({ connections: count, retries: count })),
});
export type Sightings = z.output<typeof Sightings>;

export const TICK_MS = 100;
/** One hour. */
export const MAX_TICKS = 36_000;
export const MAX_SECONDS = 3_600;

/** To `open`, to `read`, and to the others. */
export const Answer = z.union([
  z.strictObject({ urls: z.array(z.string()) }),
  z.strictObject({ sightings: Sightings }),
  z.strictObject({ done: z.literal(true) }),
]);
export type Answer = z.output<typeof Answer>;
