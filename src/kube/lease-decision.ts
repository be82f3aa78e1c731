/**
 * What a candidate may do with the Lease that it sees: the rules of client-go's leader election, without IO.
 *
 * Whether a lease has run out is judged by how long *we* have seen it unchanged, on our monotonic clock; the times inside it are the
 * holder's and are never compared with ours. So clocks may disagree by any amount, and only their speed counts: 10 s of ours must be
 * less than 15 s of theirs.
 */

/** `spec` of a coordination.k8s.io/v1 Lease, as far as it is read here. */
export interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

/** A lease and when this content of it was first seen. */
export interface LeaseSighting {
  readonly spec: LeaseSpec;
  /** On our monotonic clock. */
  readonly sinceMs: number;
}

export type LeaseDecision =
  /** Write ourselves into it: it is free, or its holder has not renewed it for its whole duration. */
  | { readonly kind: 'take' }
  /** It is ours: write a new renew time. */
  | { readonly kind: 'renew' }
  /** Another holds it; not before `untilMs` (monotonic) may it be taken. */
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Keeps the time of the first sighting as long as the content stays the same. */
export function sightLease(previous: LeaseSighting | undefined, spec: LeaseSpec, nowMs: number): LeaseSighting {
  const isSame = previous !== undefined && contentOf(previous.spec) === contentOf(spec);
  return isSame ? previous : { spec, sinceMs: nowMs };
}

/** What a candidate or holder does about the lease as last seen (client-go `tools/leaderelection`). */
export function decideLease(sighting: LeaseSighting, { identity, nowMs }: { identity: string; nowMs: number }): LeaseDecision {
  const { holderIdentity, leaseDurationSeconds } = sighting.spec;
  if (!holderIdentity) return { kind: 'take' };
  if (holderIdentity === identity) return { kind: 'renew' };
  const untilMs = sighting.sinceMs + clampDuration(leaseDurationSeconds) * 1000;
  return nowMs >= untilMs ? { kind: 'take' } : { kind: 'wait', untilMs };
}

/** The spec that makes `identity` the holder, for the first time or again. */
export function holdLease(spec: LeaseSpec, options: { identity: string; durationSeconds: number; wallMs: number }): LeaseSpec {
  const now = formatMicroTime(options.wallMs);
  const isOurs = spec.holderIdentity === options.identity;
  return {
    ...spec,
    holderIdentity: options.identity,
    leaseDurationSeconds: options.durationSeconds,
    acquireTime: isOurs ? (spec.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (spec.leaseTransitions ?? 0) + (isOurs || spec.holderIdentity === undefined ? 0 : 1),
  };
}

/** The spec that gives the lease up: no holder and a duration of 1 s (the API wants more than 0), as client-go writes it. */
export function releaseLease(spec: LeaseSpec, wallMs: number): LeaseSpec {
  const now = formatMicroTime(wallMs);
  return { ...spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
}

/** `metav1.MicroTime`: RFC 3339 with exactly six digits; the API server refuses any other number of them. */
export function formatMicroTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}

/** What a holder says is honoured between 1 s and an hour; a holder that says nothing has the default of 15 s. */
function clampDuration(seconds: number | null | undefined): number {
  return Math.min(Math.max(seconds ?? 15, 1), 3600);
}

function contentOf({ holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions }: LeaseSpec): string {
  return JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]);
}
