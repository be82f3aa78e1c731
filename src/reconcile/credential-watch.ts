/**
 * Notices late and rotated Secrets and ConfigMaps without the right to list or watch them (page 3.6): each one that a followed object
 * refers to is looked at every 30 s, by name, metadata only. Objects that share a Secret share its looks.
 *
 * It promises: at most ten looks a second and ten in flight, whatever is followed; no change missed between the probe that read a version
 * and the first look; no change reported that a probe already saw; nothing is kept of what is not followed. It reads through its port
 * alone, knows no value, judges nothing, and only tells which objects are concerned.
 *
 * What a probe did not read (after a restart, say) is compared with the first look. A change before that look is seen by the re-check.
 */
import type { Clock, Timer } from '../platform/clock.ts';
import { Heap, type HeapItem } from '../queue/heap.ts';
import type { ReferenceVersions } from './ports.ts';
import type { Followed, Reference } from './references.ts';

/** Time between two looks at one reference. */
export const LOOK_EVERY_MS = 30_000;

/**
 * Time between two looks at any reference: at most ten a second. 300 references are looked at every 30 s; with n more than that a round
 * takes n / 10 s, so a change is seen within a minute up to 600.
 */
export const LOOK_PACE_MS = 100;

/** Looks in flight. Each ends within the deadline of a call to the API server; one that hangs is waited for, not piled upon. */
export const MAX_LOOKS_IN_FLIGHT = 10;

/** The part that a reconciler needs. */
export interface CredentialFollower {
  /**
   * Follows what the object `key` (`namespace/name`) of `namespace` refers to, in place of whatever it referred to before.
   * Without references it follows nothing.
   */
  follow(key: string, namespace: string, references: readonly Followed[]): void;
  /** Tells no more of `key`, not even what a look in flight finds. */
  forget(key: string): void;
}

export interface CredentialWatch extends CredentialFollower {
  /** Ends every look and frees the timer; later calls do nothing. Idempotent. */
  stop(): void;
}

export interface CredentialWatchDeps {
  readonly clock: Clock;
  readonly versions: ReferenceVersions;
  /** A Secret or ConfigMap that the object `key` refers to is not what it was. Told once per change. Must not throw. */
  readonly onChange: (key: string) => void;
}

/** What one object knows of a reference. */
interface Follower {
  seen: Followed['seen'];
  /** Looks that had begun when it came: their answers may be older than what it knows. */
  readonly afterLook: number;
}

/** One Secret or ConfigMap that somebody follows. */
interface Watched extends HeapItem, Reference {
  readonly id: string;
  readonly namespace: string;
  readonly followers: Map<string, Follower>;
  dueMs: number;
  looks: number;
}

/** Follows nothing and holds no timer at first. */
export function createCredentialWatch(deps: CredentialWatchDeps): CredentialWatch {
  return new Watch(deps);
}

class Watch implements CredentialWatch {
  readonly #deps: CredentialWatchDeps;
  readonly #watched = new Map<string, Watched>();
  /** What each object follows: at most 37 references (references.ts). */
  readonly #followed = new Map<string, readonly Watched[]>();
  /** Those that wait for their next look; one that is being looked at is not inside. */
  readonly #waiting = new Heap<Watched>((a, b) => a.dueMs < b.dueMs);
  readonly #stopped = new AbortController();
  #timer: Timer | undefined;
  #nextLookMs = Number.NEGATIVE_INFINITY;
  #inFlight = 0;

  constructor(deps: CredentialWatchDeps) {
    this.#deps = deps;
  }

  follow(key: string, namespace: string, references: readonly Followed[]): void {
    this.#leave(key);
    if (references.length > 0 && !this.#stopped.signal.aborted) {
      this.#followed.set(
        key,
        references.map((reference) => this.#join(key, namespace, reference)),
      );
    }
    this.#arm();
  }

  forget(key: string): void {
    if (this.#leave(key)) this.#arm();
  }

  stop(): void {
    this.#stopped.abort();
    for (const key of [...this.#followed.keys()]) this.#leave(key);
    this.#arm();
  }

  #join(key: string, namespace: string, { kind, name, seen }: Followed): Watched {
    const id = `${kind}/${namespace}/${name}`;
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      // What a probe has just read needs no look yet; what nobody knows is looked at as soon as the pace allows.
      const dueMs = this.#deps.clock.monotonicMs() + (seen === undefined ? 0 : LOOK_EVERY_MS);
      watched = { id, kind, namespace, name, followers: new Map(), dueMs, looks: 0, heapIndex: -1 };
      this.#watched.set(id, watched);
      this.#waiting.push(watched);
    }
    watched.followers.set(key, { seen, afterLook: watched.looks });
    return watched;
  }

  #leave(key: string): boolean {
    const followed = this.#followed.get(key);
    if (followed === undefined) return false;
    this.#followed.delete(key);
    for (const watched of followed) {
      watched.followers.delete(key);
      if (watched.followers.size > 0) continue;
      this.#watched.delete(watched.id);
      if (watched.heapIndex !== -1) this.#waiting.remove(watched);
    }
    return true;
  }

  /** One timer at most, for the next look that time, pace and room allow. */
  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const first = this.#waiting.peek();
    if (first === undefined || this.#inFlight >= MAX_LOOKS_IN_FLIGHT) return;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#timer = this.#deps.clock.setTimer(Math.max(first.dueMs, this.#nextLookMs) - nowMs, () => this.#wake());
  }

  #wake(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const first = this.#waiting.peek();
    // A timer may fire a little early: then it is armed for the rest.
    if (first !== undefined && first.dueMs <= nowMs && this.#nextLookMs <= nowMs) {
      this.#waiting.remove(first);
      this.#nextLookMs = nowMs + LOOK_PACE_MS;
      void this.#look(first, nowMs);
    }
    this.#arm();
  }

  async #look(watched: Watched, nowMs: number): Promise<void> {
    const { kind, namespace, name } = watched;
    watched.looks += 1;
    this.#inFlight += 1;
    const found = await this.#deps.versions.readVersion(kind, namespace, name, this.#stopped.signal);
    this.#inFlight -= 1;
    if (this.#watched.get(watched.id) === watched) {
      watched.dueMs = nowMs + LOOK_EVERY_MS;
      this.#waiting.push(watched);
      // Away or not allowed is no news: the next round asks again.
      if (found.kind !== 'unavailable') this.#compare(watched, found.kind === 'found' ? found.value : undefined);
    }
    this.#arm();
  }

  #compare(watched: Watched, version: string | undefined): void {
    const concerned: string[] = [];
    for (const [key, follower] of watched.followers) {
      if (follower.afterLook >= watched.looks) continue;
      const { seen } = follower;
      follower.seen = { version };
      if (seen !== undefined && seen.version !== version) concerned.push(key);
    }
    for (const key of concerned) this.#deps.onChange(key);
  }
}
