/**
 * The reconciler against an unkind order of things: answers that are lost or late, a watch that lags and jumps, writes that meet.
 */
import { describe, expect, it } from 'vitest';
import { PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import type { Outcome } from '../../src/probe/outcome.ts';
import { FAILED, failed, succeeded, verdictOf } from './samples.ts';
import { createWorld, type WorldOptions } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const ready = (world: ReturnType<typeof createWorld>, key: string) =>
  world.status(key).conditions?.find(({ type }) => type === 'Ready')?.status;

describe('a write whose answer is lost', () => {
  /** A server that failed once; its second failure, 60 s later, is written and the answer lost. */
  async function failedOnce(options: WorldOptions = {}) {
    const world = createWorld(options);
    world.script('default/a', FAILED.refused);
    const key = world.apply({ name: 'a', spec: { retry: { initialBackoffSeconds: 60 } } });
    await world.clock.advance(30 * SECOND);
    world.nextWrites.push({ lost: true });
    return { world, key };
  }

  it('counts the failed probe once when the watch shows the status first', async () => {
    const { world, key } = await failedOnce();
    await world.clock.advance(50 * SECOND);
    expect(world.probes).toHaveLength(2);
    expect(world.status(key).failure?.consecutive).toBe(2);
    expect(world.writes).toHaveLength(2);
    await world.clock.advance(120 * SECOND);
    expect(world.probes).toHaveLength(3);
    expect(world.status(key).failure?.consecutive).toBe(3);
  });

  it('counts the failed probe once when only a conflict shows the status', async () => {
    const { world, key } = await failedOnce({ watchDelayMs: 30 * SECOND });
    await world.clock.advance(50 * SECOND);
    expect(world.status(key).failure?.consecutive).toBe(2);
    expect(world.writes).toHaveLength(2);
  });
});

describe('a Pending row', () => {
  it('never overwrites a verdict that was found while it was on its way', async () => {
    const world = createWorld();
    world.script('default/a', { outcome: succeeded(), takesMs: 2500 });
    world.nextWrites.push({ arrivesMs: 1000 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(2100);
    world.reconciler.sweep();
    await world.clock.advance(5 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.writes.at(-1)?.status.state).toBe('Available');
    expect(world.probes).toHaveLength(1);
  });

  it('is not believed when its answer comes after the verdict', async () => {
    const world = createWorld();
    world.script('default/a', { outcome: succeeded(), takesMs: 2500 });
    world.nextWrites.push({ answersMs: 3000 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(2100);
    world.reconciler.sweep();
    await world.clock.advance(10 * SECOND);
    world.show(key);
    await world.clock.advance(SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(1);
  });

  it('is not written while a verdict waits to be written', async () => {
    const world = createWorld();
    world.nextWrites.push(...Array.from({ length: 4 }, () => ({ kind: 'unavailable' as const })));
    const key = world.apply({ name: 'a' });
    for (let i = 0; i < 20; i++) {
      await world.clock.advance(SECOND);
      world.reconciler.sweep();
    }
    expect(world.status(key).state).toBe('Available');
    expect(world.writes).toHaveLength(1);
  });
});

describe('a Pending row, besides', () => {
  it('gives way to the verdict of another leader', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    const key = world.apply({ name: 'a' });
    await world.clock.advance(2100);
    world.changeUnseen(key, (object) => ({ ...object, status: { observedGeneration: 1, state: 'Available' } }));
    world.reconciler.sweep();
    await world.clock.advance(SECOND);
    expect(world.sent).toHaveLength(1);
    expect(world.writes).toEqual([]);
  });

  it('is never written for a generation that is no more', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    world.nextWrites.push({ arrivesMs: 1000 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(2100);
    world.reconciler.sweep();
    await world.clock.advance(100);
    world.apply({ name: 'a', generation: 2 });
    await world.clock.advance(5 * SECOND);
    expect(world.sent).toHaveLength(1);
    expect(world.writes).toEqual([]);
    expect(world.status(key)).toMatchObject({ observedGeneration: -1 });
  });

  it('is never sent to an object that was re-created', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    world.apply({ name: 'a', uid: 'old' });
    await world.clock.advance(2100);
    world.apply({ name: 'a', uid: 'new' });
    world.reconciler.sweep();
    await world.clock.advance(SECOND);
    expect(world.sent).toEqual([]);
    expect(world.forgotten).toEqual(['default/a']);
  });

  it('that can not be decided is told as a fault of ours, and harms nobody', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    world.apply({ name: 'a' });
    await world.clock.advance(2100);
    world.clock.jumpWall(Number.NaN);
    world.reconciler.sweep();
    await world.clock.advance(SECOND);
    expect(world.crashed).toEqual(['default/a']);
  });
});

describe('an object that changes at the very moment at which its probe ends', () => {
  it.each([
    ['edited', { uid: 'a', generation: 2 }],
    ['re-created', { uid: 'b', generation: 1 }],
  ])('%s: the verdict is not even sent', async (_, next) => {
    const world = createWorld();
    let round = 0;
    const atThatMoment = () => {
      round += 1;
      if (round === 1) world.apply({ name: 'a', ...next });
    };
    world.script('default/a', () => ({ outcome: FAILED.denied, takesMs: 500, atThatMoment }));
    const key = world.apply({ name: 'a', uid: 'a' });
    await world.clock.advance(10 * SECOND);
    expect(world.probes).toHaveLength(2);
    expect(world.sent).toHaveLength(1);
    expect(world.status(key)).toMatchObject({ observedGeneration: next.generation, failure: { consecutive: 1 } });
  });

  it('an object that is gone is forgotten by all', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    world.remove(key);
    await world.clock.advance(SECOND);
    expect(world.forgotten).toEqual([key]);
    expect(world.queue.waiting()).toBe(0);
  });
});

describe('a retry that waits for its place', () => {
  it('keeps it whatever the watch shows meanwhile', async () => {
    const world = createWorld({ lanes: { retry: 1 } });
    const hold = { outcome: FAILED.refused, takesMs: 60 * SECOND };
    world.script('default/first', ({ retry }) => (retry ? hold : FAILED.refused));
    world.apply({ name: 'first', uid: 'f' });
    await world.clock.advance(SECOND);
    for (const name of ['second', 'third']) {
      world.script(`default/${name}`, FAILED.refused);
      world.apply({ name, uid: name });
      await world.clock.advance(SECOND);
    }
    await world.clock.advance(30 * SECOND);
    world.show('default/second');
    await world.clock.advance(40 * SECOND);
    const retries = world.probes.filter(({ request }) => request.retry).map(({ request }) => request.name);
    expect(retries.slice(0, 3)).toEqual(['first', 'second', 'third']);
  });
});

describe('a write that needs no probe', () => {
  it('is tried again, too', async () => {
    const world = createWorld();
    world.nextWrites.push({ kind: 'unavailable' });
    const key = world.apply({ name: 'a', spec: { suspend: true } });
    await world.clock.advance(2 * SECOND);
    expect(world.status(key).state).toBe('Suspended');
    expect(world.probes).toEqual([]);
  });

  it('tells of each generation that does not fit', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', spec: { probe: { timeoutSeconds: 'soon' } } });
    await world.clock.advance(SECOND);
    world.apply({ name: 'a', generation: 2, spec: { retry: { attempts: 'many' } } });
    await world.clock.advance(SECOND);
    expect(world.status(key)).toMatchObject({ observedGeneration: 2 });
    expect(world.status(key).failure?.message).toContain('spec.retry.attempts');
    expect(world.writes).toHaveLength(2);
  });
});

describe('a watch that lags', () => {
  it('shows a version between two that are known, and the verdict that is newer stands', async () => {
    const world = createWorld({ watchDelayMs: 30 * SECOND });
    world.script('default/a', { outcome: FAILED.refused, takesMs: 500 });
    const key = world.apply({ name: 'a', spec: { retry: { initialBackoffSeconds: 300 } } });
    await world.clock.advance(100);
    const between = world.changeUnseen(key);
    world.changeUnseen(key);
    await world.clock.advance(SECOND);
    expect(world.status(key).failure?.consecutive).toBe(1);
    world.showVersion(between);
    await world.clock.advance(SECOND);
    expect(world.probes).toHaveLength(1);
    expect(world.status(key).failure?.consecutive).toBe(1);
  });

  it('never shows a deletion that a write found: the key is looked at again all the same', async () => {
    const world = createWorld();
    world.nextWrites.push({ kind: 'gone' });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(10 * MINUTE);
    expect(world.status(key).state).toBe('Available');
  });

  it('a verdict whose object seemed gone is not kept: the server is looked at again', async () => {
    const world = createWorld();
    world.nextWrites.push({ kind: 'unavailable' }, { kind: 'gone' });
    const key = world.apply({ name: 'a', spec: { probe: { periodSeconds: 86_400 } } });
    await world.clock.advance(5 * MINUTE);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(2);
  });
});

describe('our own trouble', () => {
  it('never becomes a verdict: a failure that waited for the API server is judged by the time it was found', async () => {
    const world = createWorld();
    const spec = { retry: { initialBackoffSeconds: 60 }, probe: { periodSeconds: 10 } };
    const key = world.apply({ name: 'a', spec });
    await world.clock.advance(SECOND);
    world.script(key, FAILED.unavailable);
    await world.clock.advance(15 * SECOND);
    expect(world.status(key).failure?.consecutive).toBe(1);
    world.nextWrites.push(...Array.from({ length: 30 }, () => ({ kind: 'unavailable' as const })));
    await world.clock.advance(60 * SECOND);
    world.script(key, succeeded());
    await world.clock.advance(40 * MINUTE);
    expect(world.status(key)).toMatchObject({ state: 'Available' });
    expect(world.writes.map(({ status }) => status.failure?.consecutive)).toContain(2);
    expect(world.writes.map(({ status }) => status.state)).not.toContain('Permanent');
    expect(world.writes.every(({ status }) => status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True')).toBe(
      true,
    );
  });

  it('tells when a server answered, not when that could be written', async () => {
    const world = createWorld();
    world.nextWrites.push(...Array.from({ length: 8 }, () => ({ kind: 'unavailable' as const })));
    const key = world.apply({ name: 'a', spec: { probe: { periodSeconds: 86_400 } } });
    await world.clock.advance(2 * MINUTE);
    expect(ready(world, key)).toBe('True');
    expect(world.status(key).lastSuccessTime).toBe('2026-01-01T00:00:00Z');
  });

  it('a lead that is in doubt for a moment loses no verdict', async () => {
    const world = createWorld();
    world.setMayWrite(false);
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    world.setMayWrite(true);
    await world.clock.advance(10 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(1);
  });
});

describe('recovery', () => {
  /** `down` is tried again after 5 s, `other` after 300 s. */
  async function outage(other: Outcome) {
    const world = createWorld();
    world.script('default/down', FAILED.refused);
    world.script('default/other', other);
    world.apply({ name: 'down', uid: 'd' });
    world.apply({ name: 'other', uid: 'o', spec: { retry: { initialBackoffSeconds: 300 } } });
    await world.clock.advance(SECOND);
    world.script('default/down', succeeded());
    return world;
  }

  it.each([
    ['transient', FAILED.refused],
    ['permanent for reasons that may settle', FAILED.notFound],
  ])('makes who failed with it due at once: %s', async (_, other) => {
    const world = await outage(other);
    expect(verdictOf(other).class === 'Transient' || verdictOf(other).settles).toBe(true);
    await world.clock.advance(3 * SECOND);
    expect(world.probesOf('default/other')).toBe(1);
    await world.clock.advance(3 * SECOND);
    expect(world.probesOf('default/other')).toBe(2);
    await world.clock.advance(100 * SECOND);
    expect(world.probesOf('default/other')).toBe(2);
  });

  it('is only that of a retry: a probe that somebody asked for says nothing about others', async () => {
    const world = await outage(FAILED.refused);
    world.apply({ name: 'down', uid: 'd', annotations: { [PROBE_REQUESTED_AT]: 'now' } });
    await world.clock.advance(60 * SECOND);
    expect(world.status('default/down').state).toBe('Available');
    expect(world.probesOf('default/other')).toBe(1);
  });

  it('reaches over a restart', async () => {
    const world = createWorld();
    const status = (nextProbeTime: string) => ({
      observedGeneration: 1,
      state: 'Transient',
      failure: {
        class: 'Transient',
        reason: 'ConnectionRefused',
        message: 'm',
        since: '2025-12-31T23:59:00Z',
        consecutive: 2,
        attempts: 1,
        nextProbeTime,
      },
    });
    world.apply({ name: 'down', uid: 'd', status: status('2026-01-01T00:00:05Z') });
    world.apply({ name: 'other', uid: 'o', status: status('2026-01-01T00:04:00Z') });
    await world.clock.advance(10 * SECOND);
    expect(world.probesOf('default/other')).toBe(1);
  });

  it('hastens nobody who said when to come back', async () => {
    const world = createWorld();
    const busy = failed({ kind: 'httpStatus', stage: 'http', httpStatus: 503, mark: 'none', retryAfterMs: 300 * SECOND });
    world.script('default/busy', busy);
    world.script('default/down', FAILED.refused);
    world.apply({ name: 'busy', uid: 'b' });
    world.apply({ name: 'down', uid: 'd' });
    await world.clock.advance(SECOND);
    world.script('default/down', succeeded());
    await world.clock.advance(100 * SECOND);
    expect(world.status('default/down').state).toBe('Available');
    expect(world.probesOf('default/busy')).toBe(1);
  });
});
