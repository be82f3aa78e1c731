/**
 * The status of an MCPServer: what the operator found. Schema and types; `reconcile/next-status.ts` alone builds values of it.
 * Strings that a server chose are bounded but otherwise loose here, because patterns run on status writes too: clamp in code.
 * Fields that this version does not know are dropped while reading.
 */
import * as z from 'zod';
import { anyText } from './text.ts';

const time = () => z.iso.datetime({ offset: true });

/** At most this many bytes of UTF-8 in a condition's or failure's message. */
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

/** A list that is replaced as a whole: server-side apply never merges its items. */
const atomic = { 'x-kubernetes-list-type': 'atomic' };
/** The same for an object. One writer writes all of it, so managed fields that name each field would say nothing and be paid for. */
const atomicMap = { 'x-kubernetes-map-type': 'atomic' };

/** Text that a server chose, or that may be empty: 0 … `max` code points. */
const looseText = (max: number) => anyText(max, 0);

const Condition = z.object({
  type: z.string().min(1).max(316).describe('Kind of condition. Ready is always there, the others only while they are True.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that the condition is about.'),
  lastTransitionTime: time().describe('When the status of the condition changed.'),
  reason: z.string().min(1).max(128).describe('CamelCase name of the fact, for scripts and alerts.'),
  message: looseText(MAX_MESSAGE_BYTES).describe('One line: what happened, what happens next and what to do.'),
});
export type Condition = z.output<typeof Condition>;

const Digest = z.string().max(71);

const CapabilityList = z.object({
  count: z.int32().min(0).describe('Well-formed items over all pages, duplicates too.'),
  invalid: z.int32().min(0).describe('Malformed items, which are left out.'),
  digest: Digest.describe('SHA-256 over the names and definitions of all items: sha256: and 64 hex digits.'),
  items: z
    .array(
      z.object({
        name: looseText(512).describe('Name as the server reports it, without control characters.'),
        digest: z.string().max(16).describe('First 16 hex digits of the SHA-256 of the definition.'),
      }),
    )
    .max(MAX_LISTED_ITEMS)
    .meta(atomic)
    .describe('The items, sorted by name; at most 128.'),
  truncated: z.boolean().optional().describe('true when items were left out of this status.'),
});
export type CapabilityList = z.output<typeof CapabilityList>;

const Capabilities = z.object({
  digest: Digest.describe('SHA-256 over all lists, whatever their order: sha256: and 64 hex digits.'),
  capturedAt: time().describe('When this content was first seen.'),
  previousDigest: Digest.optional().describe('Digest before the last change.'),
  features: z.array(looseText(128)).max(64).meta(atomic).describe('Capability keys that the server advertises.'),
  tools: CapabilityList.optional().describe('Tools; absent when the server does not offer the list.'),
  resources: CapabilityList.optional().describe('Resources; absent when the server does not offer the list.'),
  resourceTemplates: CapabilityList.optional().describe('Resource templates; absent when the server does not offer the list.'),
  prompts: CapabilityList.optional().describe('Prompts; absent when the server does not offer the list.'),
});
export type Capabilities = z.output<typeof Capabilities>;

const Endpoint = z.object({
  url: looseText(2048).describe('URL that answered, without user info and query.'),
  transport: z.enum(['StreamableHTTP', 'SSE']).describe('Transport that answered.'),
  era: z.enum(['Modern', 'Legacy']).describe('Modern: 2026-07-28, stateless. Legacy: initialize and sessions.'),
  protocolVersion: looseText(64).describe('Protocol version that both sides agreed on.'),
  negotiatedAt: time().describe('When transport and era were detected.'),
});
export type Endpoint = z.output<typeof Endpoint>;

const Server = z.object({
  name: looseText(256).describe('Name as the server reports it.'),
  version: looseText(128).describe('Version as the server reports it.'),
  title: looseText(256).optional().describe('Title as the server reports it.'),
});

const Failure = z.object({
  class: z.enum(CLASSES).describe('Who has to act: nobody yet, the owner of the server, or the owner of the credential.'),
  reason: z.string().max(128).describe('CamelCase name of the fact.'),
  message: looseText(MAX_MESSAGE_BYTES).describe('One line: what happened, what happens next and what to do.'),
  stage: z.enum(STAGES).optional().describe('Where in the probe it failed.'),
  httpStatus: z.int32().optional().describe('HTTP status, where one decided.'),
  rpcCode: z.int32().optional().describe('JSON-RPC error code, where one decided.'),
  errorCode: z.string().max(64).optional().describe('Code of the network or TLS error, such as ECONNREFUSED.'),
  since: time().describe('First failure after a success, creation, or a change of the spec or of a credential.'),
  consecutive: z.int32().min(1).describe('Failed probes of the same class in a row.'),
  attempts: z.int32().min(0).describe('Attempts in the last probe; 0 when nothing was sent.'),
  nextProbeTime: time().optional().describe('When the next probe is due; absent when only an edit of the spec helps.'),
});
export type Failure = z.output<typeof Failure>;

const LastFailure = z.object({
  class: z.enum(CLASSES).describe('Class of that failure.'),
  reason: z.string().max(128).describe('Reason of that failure.'),
  time: time().describe('When it was last seen.'),
});

const Transition = z.object({
  time: time().describe('When the state changed.'),
  from: z.enum(STATES).describe('State before.'),
  to: z.enum(STATES).describe('State after.'),
  reason: z.string().max(128).describe('CamelCase name of the fact that changed it.'),
  probeID: z.string().max(64).optional().describe('Identifier of the probe, as in the log lines and the event.'),
});
export type Transition = z.output<typeof Transition>;

export const MCPServerStatus = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .default(-1)
      .describe('Generation of the spec that was last probed; -1 before the first probe.'),
    state: z.enum(STATES).default('Pending').describe('The verdict in one word.'),
    conditions: z
      .array(Condition)
      .max(16)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
      .optional()
      .describe('Ready, and the conditions that are True.'),
    endpoint: Endpoint.meta(atomicMap).optional().describe('Where and how the server answered last.'),
    server: Server.meta(atomicMap).optional().describe('What the server says it is.'),
    capabilities: Capabilities.meta(atomicMap).optional().describe('The last good snapshot; kept while the server fails.'),
    failure: Failure.meta(atomicMap).optional().describe('The failure that lasts; absent while the server is available.'),
    lastFailure: LastFailure.meta(atomicMap).optional().describe('The failure before the last recovery.'),
    lastSuccessTime: time().optional().describe('Last success, refreshed at most once an hour while nothing else changes.'),
    history: z.array(Transition).max(MAX_HISTORY).meta(atomic).optional().describe('The last 10 changes of state, oldest first.'),
    lastHandledProbeRequest: looseText(1024)
      .optional()
      .describe('Value of the annotation mcpserver-operator.dev/probe-requested-at that was last acted upon.'),
  })
  .describe('What the operator found.');
export type MCPServerStatus = z.output<typeof MCPServerStatus>;
