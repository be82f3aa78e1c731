/**
 * The status of an MCPServer: what the operator found. Schema and types; `reconcile/next-status.ts` alone builds values of it.
 * Strings that a server chose are bounded but otherwise loose here, because patterns run on status writes too: clamp in code.
 */
import * as z from 'zod';

const time = () => z.iso.datetime();

/** At most this many characters in a condition's or failure's message. */
export const MAX_MESSAGE_BYTES = 1024;
/** At most this many items of one list are shown; `count` stays exact. */
export const MAX_LISTED_ITEMS = 128;
/** Transitions kept in `history`. */
export const MAX_HISTORY = 10;
/** The whole status, as JSON, never exceeds this. */
export const MAX_STATUS_BYTES = 64 * 1024;

export const STATES = ['Pending', 'Available', 'Transient', 'Permanent', 'Denied', 'Suspended'] as const;
export type State = (typeof STATES)[number];

export const CLASSES = ['Transient', 'Permanent', 'Denied'] as const;
export type FailureClass = (typeof CLASSES)[number];

/** Where in a probe something failed; also a metric label (page 9, C5). */
export const STAGES = ['resolve', 'connect', 'tls', 'http', 'session', 'rpc', 'payload', 'policy', 'credentials'] as const;
export type Stage = (typeof STAGES)[number];

export const CONDITION_TYPES = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Transient',
  'Permanent',
  'Denied',
  'CapabilitiesStale',
  'CapabilitiesDrifted',
  'ExpectationsUnmet',
  'CredentialsExpiring',
] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const Condition = z.strictObject({
  type: z.string().min(1).max(316),
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().min(0).optional(),
  lastTransitionTime: time(),
  reason: z.string().min(1).max(1024),
  message: z.string().max(32768),
});
export type Condition = z.output<typeof Condition>;

const Digest = z.string().max(71).describe('sha256: and 64 hex digits.');

const CapabilityList = z.strictObject({
  count: z.int().min(0).describe('Well-formed items over all pages, duplicates too.'),
  invalid: z.int().min(0).describe('Malformed items, which are left out.'),
  digest: Digest,
  items: z
    .array(z.strictObject({ name: z.string().max(512), digest: z.string().max(16) }))
    .max(MAX_LISTED_ITEMS)
    .describe('Sorted by name. Each digest is the first 16 hex digits of the item’s SHA-256.'),
  truncated: z.boolean().optional().describe('True when items were left out of this status.'),
});
export type CapabilityList = z.output<typeof CapabilityList>;

const Capabilities = z.strictObject({
  digest: Digest,
  capturedAt: time().describe('When this content was first seen.'),
  previousDigest: Digest.optional(),
  features: z.array(z.string().max(128)).max(64).describe('Capability keys that the server advertises.'),
  tools: CapabilityList.optional(),
  resources: CapabilityList.optional(),
  resourceTemplates: CapabilityList.optional(),
  prompts: CapabilityList.optional(),
});
export type Capabilities = z.output<typeof Capabilities>;

const Endpoint = z.strictObject({
  url: z.string().max(2048).describe('Without user info and query.'),
  transport: z.enum(['StreamableHTTP', 'SSE']),
  era: z.enum(['Modern', 'Legacy']),
  protocolVersion: z.string().max(64),
  negotiatedAt: time(),
});
export type Endpoint = z.output<typeof Endpoint>;

const Failure = z.strictObject({
  class: z.enum(CLASSES),
  reason: z.string().max(128),
  message: z.string().max(MAX_MESSAGE_BYTES),
  stage: z.enum(STAGES).optional(),
  httpStatus: z.int().optional(),
  rpcCode: z.int().optional(),
  errorCode: z.string().max(64).optional(),
  since: time().describe('First failure after a success, a spec change or creation.'),
  consecutive: z.int().min(1).describe('Failed probes of the same class in a row.'),
  attempts: z.int().min(0).describe('Attempts in the last probe; 0 when nothing was sent.'),
  nextProbeTime: time(),
});
export type Failure = z.output<typeof Failure>;

const Transition = z.strictObject({
  time: time(),
  from: z.enum(STATES),
  to: z.enum(STATES),
  reason: z.string().max(128),
  probeID: z.string().max(64).optional(),
});
export type Transition = z.output<typeof Transition>;

export const MCPServerStatus = z.strictObject({
  observedGeneration: z.int().min(-1).default(-1),
  state: z.enum(STATES).default('Pending'),
  conditions: z.array(Condition).max(16).optional(),
  endpoint: Endpoint.optional(),
  server: z
    .strictObject({ name: z.string().max(256), version: z.string().max(128), title: z.string().max(256).optional() })
    .optional(),
  capabilities: Capabilities.optional(),
  failure: Failure.optional(),
  lastFailure: z.strictObject({ class: z.enum(CLASSES), reason: z.string().max(128), time: time() }).optional(),
  lastSuccessTime: time().optional(),
  history: z.array(Transition).max(MAX_HISTORY).optional(),
  lastHandledProbeRequest: z.string().max(1024).optional(),
});
export type MCPServerStatus = z.output<typeof MCPServerStatus>;
