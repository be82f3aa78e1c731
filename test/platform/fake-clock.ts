/**
 * A clock that moves only when a test says so, and chance that a test chooses.
 * `advance` fires timers in the order of their due times and lets promises settle between them.
 */
import type { Clock, Timer } from '../../src/platform/clock.ts';
import type { Random } from '../../src/platform/random.ts';

export interface FakeClock extends Clock {
  /** Moves both scales forward by `ms`, firing what becomes due on the way. */
  advance(ms: number): Promise<void>;
  /** Lets `ms` pass at once and fires late what was due meanwhile, in the order of the due times: a process that was paused. */
  stall(ms: number): Promise<void>;
  /** Moves the wall clock alone: a jump, as NTP or an administrator makes it. */
  jumpWall(ms: number): void;
  /** How many timers are armed: a leak shows here. */
  armed(): number;
}

export function createFakeClock(startWallMs = Date.parse('2026-01-01T00:00:00Z')): FakeClock {
  let nowMs = 0;
  let wallOffsetMs = startWallMs;
  let sequence = 0;
  const timers = new Map<number, { dueMs: number; callback: () => void }>();

  const earliest = (limitMs: number) => {
    let best: { id: number; dueMs: number } | undefined;
    for (const [id, { dueMs }] of timers) {
      if (dueMs <= limitMs && (best === undefined || dueMs < best.dueMs)) best = { id, dueMs };
    }
    return best;
  };
  // setImmediate runs after all settled promise chains of this turn.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    wallMs: () => nowMs + wallOffsetMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, callback): Timer {
      const id = sequence++;
      timers.set(id, { dueMs: nowMs + Math.max(delayMs, 0), callback });
      return { cancel: () => timers.delete(id) };
    },
    async advance(ms) {
      const target = nowMs + ms;
      await settle();
      for (let due = earliest(target); due !== undefined; due = earliest(target)) {
        nowMs = Math.max(nowMs, due.dueMs);
        const timer = timers.get(due.id);
        timers.delete(due.id);
        timer?.callback();
        await settle();
      }
      nowMs = target;
      await settle();
    },
    async stall(ms) {
      nowMs += ms;
      await this.advance(0);
    },
    jumpWall(ms) {
      wallOffsetMs += ms;
    },
    armed: () => timers.size,
  };
}

/** Chance that always answers `value` and counts its identifiers. */
export function fixedRandom(value = 0): Random {
  let count = 0;
  return {
    next: () => value,
    id: () => (count++).toString(16).padStart(8, '0'),
  };
}

/** A reproducible sequence (mulberry32), for property tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    id: () =>
      Math.floor(next() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
  };
}
