/**
 * What the scenario `probe` and the processes that probe say to each other over IPC.
 */
import * as z from 'zod';

/** What is probed, and as whom: a server of either era, or a modern one with credentials. */
export const SUBJECTS = ['modern', 'legacy', 'bearer', 'apiKey', 'oauth', 'bearerFetched'] as const;
export const Subject = z.enum(SUBJECTS);
export type Subject = z.output<typeof Subject>;

/** One request as it was sent, without the header that keeps its connection open, which comes with every agent. */
export const RecordedRequest = z.strictObject({
  method: z.string(),
  path: z.string(),
  /** Names and values in turn. */
  headers: z.array(z.string()),
  body: z.string(),
});
export type RecordedRequest = z.output<typeof RecordedRequest>;

/** What a process needs to know before it can probe. */
export const Setting = z.strictObject({
  /** Of the authorization server. */
  issuer: z.string(),
  /** Of something that answers as an API server does when it is asked for a Secret. */
  apiServer: z.string(),
  /** What the bare loop sends for each subject. */
  requests: z.partialRecord(Subject, z.array(RecordedRequest)),
});
export type Setting = z.output<typeof Setting>;

export const Ask = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('prepare'), setting: Setting }),
  /** Probes `url` n times, `width` at once. */
  z.strictObject({
    do: z.literal('probe'),
    subject: Subject,
    url: z.string(),
    n: z.int().min(1),
    width: z.int().min(1).max(256),
  }),
  /** Begins one probe of each URL, none of which will be answered. */
  z.strictObject({ do: z.literal('park'), urls: z.array(z.string()) }),
  /** Ends those probes. */
  z.strictObject({ do: z.literal('leave') }),
  /** What the process holds after its garbage was collected. */
  z.strictObject({ do: z.literal('weigh') }),
]);
export type Ask = z.output<typeof Ask>;

/** In bytes, as `process.memoryUsage` tells. */
export const Weight = z.strictObject({
  heapUsed: z.number(),
  /** Memory beside the heap that objects on it hold, `arrayBuffers` included. */
  external: z.number(),
  arrayBuffers: z.number(),
  rss: z.number(),
});
export type Weight = z.output<typeof Weight>;

/** To `probe`, to `weigh`, and to the others. */
export const Answer = z.union([
  z.strictObject({ seconds: z.number(), cpuMs: z.number() }),
  Weight,
  z.strictObject({ done: z.literal(true) }),
]);
export type Answer = z.output<typeof Answer>;
