import { describe, expect, it } from 'vitest';
import { PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import { FAILED, failed, findingOf, succeeded } from './samples.ts';
import { createWorld } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const ready = (world: ReturnType<typeof createWorld>, key: string) =>
  world.status(key).conditions?.find(({ type }) => type === 'Ready')?.status;

describe('a first verdict', () => {
  it('is one write, and the write wakes nobody', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(100);
    expect(world.status(key)).toMatchObject({ state: 'Available', observedGeneration: 1 });
    expect(world.writes).toHaveLength(1);
    expect(world.probes).toHaveLength(1);
    expect(world.errors).toEqual([]);
  });

  it('is told as Pending only after 2 s', async () => {
    const world = createWorld();
    world.script('default/a', { outcome: succeeded(), takesMs: 5000 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(1900);
    world.reconciler.sweep();
    await world.clock.advance(0);
    expect(world.writes).toHaveLength(0);
    await world.clock.advance(200);
    world.reconciler.sweep();
    await world.clock.advance(0);
    expect(world.status(key)).toMatchObject({ state: 'Pending', observedGeneration: -1 });
    expect(ready(world, key)).toBe('Unknown');
    await world.clock.advance(5000);
    expect(world.status(key)).toMatchObject({ state: 'Available', observedGeneration: 1 });
    expect(world.writes).toHaveLength(2);
    expect(world.probes).toHaveLength(1);
  });

  it('A4: 200 healthy servers that start at once are all Ready with one write each', async () => {
    const world = createWorld();
    for (let i = 0; i < 200; i++) {
      world.script(`default/s${i}`, { outcome: succeeded(), takesMs: 10 });
      world.apply({ name: `s${i}`, uid: `u${i}` });
    }
    await world.clock.advance(2000);
    expect(world.writes).toHaveLength(200);
    expect(world.peak()).toBe(64);
    for (let i = 0; i < 200; i++) expect(ready(world, `default/s${i}`)).toBe('True');
  });
});

describe('a status that the API server refuses', () => {
  it('is not sent again and again, whatever events come; the next try is a fresh verdict, and an edit is one at once', async () => {
    const world = createWorld({ random: 1 });
    const refuse = () => world.nextWrites.push({ kind: 'rejected', httpStatus: 422 });
    refuse();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(100);
    for (let i = 0; i < 50; i++) {
      world.showVersion(world.changeUnseen(key));
      await world.clock.advance(SECOND);
    }
    expect([world.sent.length, world.probes.length]).toEqual([1, 1]);
    refuse();
    await world.clock.advance(10 * SECOND);
    expect([world.sent.length, world.probes.length]).toEqual([2, 2]);
    await world.clock.advance(100 * SECOND);
    expect([world.sent.length, world.probes.length]).toEqual([2, 2]);
    world.apply({ name: 'a', generation: 2 });
    await world.clock.advance(100);
    expect(world.status(key)).toMatchObject({ state: 'Available', observedGeneration: 2 });
    expect(world.probes).toHaveLength(3);
  });
});

describe('a healthy server', () => {
  it('is probed once per period and written once per hour', async () => {
    const world = createWorld({ random: 0.5 });
    world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    const writes = world.writes.length;
    await world.clock.advance(55 * MINUTE);
    expect(world.probesOf('default/a')).toBeGreaterThanOrEqual(11);
    expect(world.probesOf('default/a')).toBeLessThanOrEqual(13);
    expect(world.writes).toHaveLength(writes);
    await world.clock.advance(11 * MINUTE);
    expect(world.writes).toHaveLength(writes + 1);
  });

  it('C3: era and transport are remembered, and forgotten on failure', async () => {
    const world = createWorld({ random: 0.5 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(10 * MINUTE);
    expect(world.probes[0]?.request.remembered).toBeUndefined();
    expect(world.probes[1]?.request.remembered).toMatchObject({ era: 'Modern', transport: 'StreamableHTTP' });
    world.script(key, FAILED.refused);
    await world.clock.advance(6 * MINUTE);
    const afterFailure = world.probes.findIndex(({ request }) => request.retry);
    expect(world.probes[afterFailure]?.request.remembered).toBeUndefined();
  });
});

describe('a failing server', () => {
  it('C1: fail → Transient, count 1; inside the window nothing; +window fail → not Ready, count 2, snapshot kept; success → one transition', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', spec: { probe: { failureThreshold: 2 } } });
    await world.clock.advance(SECOND);
    const { capabilities } = world.status(key);
    world.script(key, FAILED.unavailable);
    await world.clock.advance(6 * MINUTE - SECOND);
    // The first refresh fails somewhere in the period; look at it right after.
    expect(world.status(key).failure?.consecutive).toBeGreaterThanOrEqual(1);
    const first = world.writes.find(({ status }) => status.failure?.consecutive === 1);
    expect(first?.status).toMatchObject({ state: 'Transient' });
    expect(first?.status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
    const second = world.writes.find(({ status }) => status.failure?.consecutive === 2);
    expect(second?.status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect(second?.status.capabilities).toEqual(capabilities);
    const transitions = world.transitions.length;
    world.script(key, succeeded());
    await world.clock.advance(6 * MINUTE);
    expect(world.transitions.slice(transitions).map(({ to }) => to)).toEqual(['Available']);
    expect(world.status(key).failure).toBeUndefined();
    expect(world.status(key).capabilities?.capturedAt).toBe(capabilities?.capturedAt);
  });

  it('C1: inside the window nothing happens and nothing is written', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', spec: { retry: { initialBackoffSeconds: 60 } } });
    world.script(key, FAILED.refused);
    await world.clock.advance(SECOND);
    expect(world.status(key).failure).toMatchObject({ consecutive: 1, class: 'Transient' });
    const [probes, writes] = [world.probes.length, world.writes.length];
    await world.clock.advance(58 * SECOND);
    expect([world.probes.length, world.writes.length]).toEqual([probes, writes]);
    await world.clock.advance(2 * SECOND);
    expect(world.status(key).failure?.consecutive).toBe(2);
  });

  it('B1: the ladder in the world: probes at 30, 90, 210, 450 … s', async () => {
    const world = createWorld();
    const key = world.apply({
      name: 'a',
      spec: { probe: { progressDeadlineSeconds: 0 }, retry: { initialBackoffSeconds: 30, maxBackoffSeconds: 1800 } },
    });
    world.script(key, FAILED.refused);
    await world.clock.advance(100 * MINUTE);
    const gaps = world.probes.slice(1).map(({ atMs }, i) => Math.round((atMs - (world.probes[i]?.atMs ?? 0)) / 1000));
    expect(gaps.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800]);
  });

  it('B2: at most 5 retries are in flight, and first probes of healthy servers do not wait for them', async () => {
    const world = createWorld();
    for (let i = 0; i < 40; i++) {
      world.script(`default/f${i}`, ({ retry }) => ({ outcome: FAILED.unavailable, takesMs: retry ? 3000 : 1 }));
      world.apply({ name: `f${i}`, uid: `u${i}` });
    }
    await world.clock.advance(2 * SECOND);
    world.resetPeak();
    await world.clock.advance(20 * SECOND);
    expect(world.peak()).toBe(5);
    const before = world.probes.length;
    world.apply({ name: 'healthy', uid: 'h' });
    await world.clock.advance(10);
    expect(world.probes[before]?.key).toBe('default/healthy');
    expect(ready(world, 'default/healthy')).toBe('True');
    await world.clock.advance(60 * SECOND);
    for (let i = 0; i < 40; i++) expect(world.probesOf(`default/f${i}`)).toBeGreaterThanOrEqual(2);
  });

  it('of the five, servers whose last failure was silence hold at most three', async () => {
    const world = createWorld();
    for (let i = 0; i < 10; i++) {
      world.script(`default/t${i}`, ({ retry }) => (retry ? 'hangs' : FAILED.timeout));
      world.apply({ name: `t${i}`, uid: `u${i}` });
    }
    await world.clock.advance(20 * SECOND);
    expect(world.inFlight()).toBe(3);
    world.script('default/r', FAILED.refused);
    world.apply({ name: 'r', uid: 'r' });
    await world.clock.advance(6 * SECOND);
    expect(world.probesOf('default/r')).toBe(2);
  });

  it('A7: a server that is really not running is permanent at the deadline, without waiting for its next probe', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', spec: { retry: { maxBackoffSeconds: 86_400, initialBackoffSeconds: 500 } } });
    world.script(key, FAILED.refused);
    await world.clock.advance(599 * SECOND);
    expect(world.status(key).state).toBe('Transient');
    const probes = world.probes.length;
    await world.clock.advance(2 * SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Permanent', failure: { reason: 'ConnectionRefused' } });
    expect(world.probes).toHaveLength(probes);
  });

  it('B6: a failure that becomes 401 is Denied at once and leaves the ladder', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.script(key, FAILED.refused);
    await world.clock.advance(20 * SECOND);
    world.script(key, FAILED.denied);
    await world.clock.advance(25 * SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Denied', failure: { consecutive: 1 } });
    const probes = world.probes.length;
    await world.clock.advance(500 * SECOND);
    expect(world.probes).toHaveLength(probes);
  });

  it('B8: a denied server is never hit in a loop', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.script(key, FAILED.denied);
    await world.clock.advance(60 * MINUTE);
    expect(world.probes.length).toBeLessThanOrEqual(8);
    expect(world.probes.length).toBeGreaterThanOrEqual(6);
  });

  it('B3: a restart continues the schedule in status and probes nobody early', async () => {
    const world = createWorld();
    const nextProbeTime = '2026-01-01T00:04:00Z';
    const key = world.apply({
      name: 'a',
      status: {
        observedGeneration: 1,
        state: 'Transient',
        failure: {
          class: 'Transient',
          reason: 'ConnectionRefused',
          message: 'm',
          since: '2025-12-31T23:58:00Z',
          consecutive: 6,
          attempts: 1,
          nextProbeTime,
        },
      },
    });
    world.script(key, FAILED.refused);
    await world.clock.advance(239 * SECOND);
    expect(world.probes).toHaveLength(0);
    await world.clock.advance(2 * SECOND);
    expect(world.probes).toHaveLength(1);
    expect(world.status(key).failure).toMatchObject({ consecutive: 7, since: '2025-12-31T23:58:00Z' });
  });

  it('a wall clock that jumps an hour changes no due time', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.script(key, FAILED.refused);
    await world.clock.advance(SECOND);
    world.clock.jumpWall(-60 * MINUTE);
    await world.clock.advance(6 * SECOND);
    expect(world.probes).toHaveLength(2);
    world.clock.jumpWall(120 * MINUTE);
    await world.clock.advance(SECOND);
    expect(world.probes).toHaveLength(2);
    expect(world.status(key).state).toBe('Transient');
  });
});

describe('recovery', () => {
  it('is contagious: after an outage of 30 servers the fleet is back with the first retry, five at a time', async () => {
    const world = createWorld();
    for (let i = 0; i < 30; i++) {
      world.script(`default/s${i}`, { outcome: FAILED.refused, takesMs: 1 });
      world.apply({ name: `s${i}`, uid: `u${i}`, spec: { retry: { maxBackoffSeconds: 3600 } } });
    }
    await world.clock.advance(8 * MINUTE);
    for (let i = 0; i < 30; i++) world.script(`default/s${i}`, { outcome: succeeded(), takesMs: 20 });
    const first = Math.min(
      ...Array.from({ length: 30 }, (_, i) => Date.parse(world.status(`default/s${i}`).failure?.nextProbeTime ?? '')),
    );
    await world.clock.advance(first - world.clock.wallMs());
    world.resetPeak();
    await world.clock.advance(3 * SECOND);
    for (let i = 0; i < 30; i++) expect(world.status(`default/s${i}`).state).toBe('Available');
    expect(world.peak()).toBeLessThanOrEqual(5);
  });

  const SLOW = { retry: { initialBackoffSeconds: 3600, maxBackoffSeconds: 3600 } };
  /** `size` servers, s0 and so on, were found refusing a moment ago; their ladders begin with an hour. */
  const openOutage = async (size: number) => {
    const world = createWorld();
    for (let i = 0; i < size; i++) {
      world.script(`default/s${i}`, FAILED.refused);
      world.apply({ name: `s${i}`, uid: `u${i}`, spec: SLOW });
    }
    await world.clock.advance(SECOND);
    return world;
  };

  it('is not scouted through a server that is suspended meanwhile, which would keep the others from being asked', async () => {
    const world = await openOutage(11);
    world.apply({ name: 's0', uid: 'u0', generation: 2, spec: { ...SLOW, suspend: true } });
    await world.clock.advance(10 * SECOND);
    expect(world.reconciler.sweep().map(({ key }) => key)).toEqual(['default/s1']);
  });

  it('has one scout at a time, also while there is no room for it', async () => {
    const world = await openOutage(20);
    for (let i = 0; i < 20; i++) world.script(`default/s${i}`, 'hangs');
    const named = new Set<string>();
    for (let second = 0; second < 60; second++) {
      await world.clock.advance(SECOND);
      for (const { key, booking } of world.reconciler.sweep()) {
        named.add(key);
        world.queue.add(key, booking);
      }
    }
    // Five hold the places of retries, the sixth waits for one.
    expect([...named]).toHaveLength(6);
  });

  it('is noticed within seconds, also while the ladders of all make a pause: an outage has scouts', async () => {
    const world = createWorld();
    const keys = Array.from({ length: 30 }, (_, i) => `default/s${i}`);
    for (const [i, key] of keys.entries()) {
      world.script(key, FAILED.refused);
      world.apply({ name: `s${i}`, uid: `u${i}`, spec: { retry: { maxBackoffSeconds: 3600 } } });
    }
    const sweep = async (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        await world.clock.advance(SECOND);
        for (const { key, booking } of world.reconciler.sweep()) world.queue.add(key, booking);
      }
    };
    await sweep(8 * 60);
    const tried = keys.map((key) => world.probesOf(key));
    await sweep(60);
    // Twelve tries at most of 30 servers, each another one.
    expect(keys.map((key, i) => world.probesOf(key) - (tried[i] ?? 0)).every((tries) => tries <= 1)).toBe(true);
    for (const key of keys) world.script(key, succeeded());
    await sweep(7);
    for (const key of keys) expect(world.status(key).state).toBe('Available');
  });

  it('reaches no denied server', async () => {
    const world = createWorld();
    world.script('default/denied', FAILED.denied);
    world.script('default/down', FAILED.refused);
    world.apply({ name: 'denied', uid: 'd' });
    world.apply({ name: 'down', uid: 'x' });
    await world.clock.advance(SECOND);
    world.script('default/down', succeeded());
    await world.clock.advance(10 * SECOND);
    expect(world.status('default/down').state).toBe('Available');
    expect(world.probesOf('default/denied')).toBe(1);
  });
});

describe('edits', () => {
  it('a new generation is probed at once and starts the ladder anew', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.script(key, FAILED.refused);
    await world.clock.advance(100 * SECOND);
    expect(world.status(key).failure?.consecutive).toBeGreaterThan(3);
    world.apply({ name: 'a', generation: 2, spec: { url: 'http://127.0.0.1:10/mcp' } });
    await world.clock.advance(10);
    expect(world.status(key)).toMatchObject({ observedGeneration: 2, failure: { consecutive: 1 } });
  });

  it('B9: an edit that does not change the target, credentials or probe settings does not reset the schedule', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.script(key, FAILED.refused);
    await world.clock.advance(30 * SECOND);
    const { failure } = world.status(key);
    world.apply({ name: 'a', generation: 2, spec: { expect: { tools: ['echo'] } } });
    await world.clock.advance(10);
    expect(world.status(key).failure).toMatchObject({ consecutive: (failure?.consecutive ?? 0) + 1, since: failure?.since });
  });

  it('an edit during a probe aborts it, and its outcome counts as nothing', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(10);
    world.script(key, 'hangs');
    world.apply({ name: 'a', generation: 2, spec: { url: 'http://127.0.0.1:10/mcp' } });
    await world.clock.advance(10);
    expect(world.inFlight()).toBe(1);
    world.script(key, succeeded(findingOf(['third'])));
    world.apply({ name: 'a', generation: 3, spec: { url: 'http://127.0.0.1:11/mcp' } });
    await world.clock.advance(10);
    expect(world.inFlight()).toBe(0);
    expect(world.status(key)).toMatchObject({ observedGeneration: 3, capabilities: { tools: { items: [{ name: 'third' }] } } });
    expect(world.writes.map(({ status }) => status.observedGeneration)).toEqual([1, 3]);
  });

  it('C6: a probe request probes once, at once, whatever the backoff, and only the object that bears it', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    world.apply({ name: 'b', uid: 'b' });
    world.script(key, FAILED.denied);
    await world.clock.advance(SECOND);
    world.apply({ name: 'a', annotations: { [PROBE_REQUESTED_AT]: 'monday' } });
    await world.clock.advance(SECOND);
    expect(world.probesOf(key)).toBe(2);
    expect(world.status(key).lastHandledProbeRequest).toBe('monday');
    await world.clock.advance(10 * SECOND);
    expect(world.probesOf(key)).toBe(2);
    expect(world.probesOf('default/b')).toBe(1);
  });

  it('suspend stops probing and keeps the status; resume probes at once', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    world.apply({ name: 'a', generation: 2, spec: { suspend: true } });
    await world.clock.advance(60 * MINUTE);
    expect(world.status(key)).toMatchObject({ state: 'Suspended', capabilities: { tools: { count: 1 } } });
    expect(world.probes).toHaveLength(1);
    world.apply({ name: 'a', generation: 3 });
    await world.clock.advance(SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Available', observedGeneration: 3 });
  });

  it('an object that the schema would have refused is told what is wrong and never probed', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', spec: { probe: { timeoutSeconds: 'soon' } } });
    await world.clock.advance(60 * MINUTE);
    expect(world.status(key)).toMatchObject({ state: 'Permanent', failure: { reason: 'InvalidSpec' }, observedGeneration: 1 });
    expect(world.probes).toHaveLength(0);
    expect(world.writes).toHaveLength(1);
  });
});

describe('the object itself', () => {
  it('B8: a deletion during a probe aborts it and nothing is written', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    const key = world.apply({ name: 'a' });
    await world.clock.advance(10);
    world.remove(key);
    await world.clock.advance(SECOND);
    expect(world.inFlight()).toBe(0);
    expect(world.writes).toHaveLength(0);
    expect(world.clock.armed()).toBe(0);
  });

  it('B8: delete and re-create under the same name starts from nothing', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a', uid: 'old' });
    world.script(key, FAILED.refused);
    await world.clock.advance(100 * SECOND);
    world.remove(key);
    world.apply({ name: 'a', uid: 'new', status: { observedGeneration: -1, state: 'Pending' } });
    await world.clock.advance(10);
    expect(world.status(key).failure?.consecutive).toBe(1);
    expect(world.status(key).history).toHaveLength(1);
  });

  it('a verdict for an object that was re-created behind the back of the watch is dropped', async () => {
    const world = createWorld();
    world.script('default/a', { outcome: FAILED.denied, takesMs: 500 });
    const key = world.apply({ name: 'a', uid: 'old' });
    await world.clock.advance(100);
    await world.changeUnseen(key, (object) => ({ ...object, metadata: { ...object.metadata, uid: 'new' } }));
    await world.clock.advance(SECOND);
    expect(world.writes).toHaveLength(0);
    world.script(key, succeeded());
    world.show(key);
    await world.clock.advance(SECOND);
    expect(world.status(key).state).toBe('Available');
  });

  it('a status that somebody else wrote is overwritten by the next verdict, not believed', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    await world.changeUnseen(key, (object) => ({
      ...object,
      status: { observedGeneration: 7, state: 'Nonsense', conditions: 'none' },
    }));
    world.show(key);
    await world.clock.advance(SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Available', observedGeneration: 1 });
  });
});

describe('the API server', () => {
  it('a watch that shows our own writes late leads to no second probe and no second write', async () => {
    const world = createWorld({ watchDelayMs: 30 * SECOND });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    world.show(key);
    await world.clock.advance(SECOND);
    expect(world.probes).toHaveLength(1);
    expect(world.writes).toHaveLength(1);
  });

  it('a conflict is read again and decided again, without another probe', async () => {
    const world = createWorld();
    world.script('default/a', { outcome: succeeded(), takesMs: 500 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(100);
    await world.changeUnseen(key, (object) => ({ ...object, metadata: { ...object.metadata, annotations: { x: 'y' } } }));
    await world.clock.advance(SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(1);
  });

  it('a failed write is tried again with backoff, and the server is not probed for it', async () => {
    const world = createWorld();
    world.nextWrites.push({ kind: 'unavailable' }, { kind: 'unavailable' }, { kind: 'unavailable', retryAfterMs: 5000 });
    const key = world.apply({ name: 'a' });
    await world.clock.advance(3 * SECOND);
    expect(world.writes).toHaveLength(0);
    await world.clock.advance(10 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(1);
  });

  it('an undecided probe changes nothing and is tried again', async () => {
    const world = createWorld();
    const key = world.apply({ name: 'a' });
    await world.clock.advance(SECOND);
    const before = world.status(key);
    world.script(key, { kind: 'undecided' });
    await world.clock.advance(10 * MINUTE);
    expect(world.status(key)).toEqual(before);
    const probes = world.probes.length;
    expect(probes).toBeGreaterThan(3);
    expect(probes).toBeLessThan(60);
    world.script(key, FAILED.denied);
    await world.clock.advance(2 * MINUTE);
    expect(world.status(key).state).toBe('Denied');
  });

  it('without leadership nothing is written', async () => {
    const world = createWorld();
    world.setMayWrite(false);
    world.apply({ name: 'a' });
    await world.clock.advance(MINUTE);
    expect(world.writes).toHaveLength(0);
  });
});

describe('slots', () => {
  it('a first probe that waits 1 s on its peer gives its slot back and goes on', async () => {
    const world = createWorld({ lanes: { probe: 2 } });
    for (let i = 0; i < 6; i++) {
      world.script(`default/t${i}`, { outcome: FAILED.timeout, takesMs: 10_000 });
      world.apply({ name: `t${i}`, uid: `t${i}` });
    }
    world.apply({ name: 'healthy', uid: 'h' });
    await world.clock.advance(3100);
    expect(world.inFlight()).toBe(6);
    expect(ready(world, 'default/healthy')).toBe('True');
    expect(world.lanes.occupancy('parked')).toBe(6);
    await world.clock.advance(10_000);
    expect(world.lanes.occupancy('parked')).toBe(0);
    for (let i = 0; i < 6; i++) expect(world.status(`default/t${i}`).failure?.reason).toBe('RequestTimeout');
  });

  it('a retry is never parked: it keeps its place of the five until it ends', async () => {
    const world = createWorld();
    world.script('default/a', ({ retry }) => (retry ? { outcome: FAILED.timeout, takesMs: 9000 } : FAILED.timeout));
    world.apply({ name: 'a' });
    await world.clock.advance(9 * SECOND);
    expect(world.inFlight()).toBe(1);
    expect(world.lanes.occupancy('retry')).toBe(1);
    expect(world.lanes.occupancy('parked')).toBe(0);
  });

  it('one host is visited by at most --max-concurrent-per-host probes', async () => {
    const world = createWorld({ lanes: { host: 2 } });
    for (let i = 0; i < 10; i++) {
      world.script(`default/s${i}`, { outcome: succeeded(), takesMs: 100 });
      world.apply({ name: `s${i}`, uid: `u${i}` });
    }
    await world.clock.advance(2 * SECOND);
    expect(world.peak()).toBe(2);
    expect(world.writes).toHaveLength(10);
  });

  it('B7: abortAll ends what is in flight and counts as nothing', async () => {
    const world = createWorld();
    world.script('default/a', 'hangs');
    const key = world.apply({ name: 'a' });
    await world.clock.advance(100);
    const stopped = world.runner.stop();
    world.reconciler.abortAll();
    await stopped;
    expect(world.inFlight()).toBe(0);
    expect(world.writes).toHaveLength(0);
    expect(world.status(key).observedGeneration).toBe(-1);
    expect(world.clock.armed()).toBe(0);
  });

  it('A5: a hostile neighbour changes neither time nor verdict of a healthy server', async () => {
    const world = createWorld();
    world.script('default/odd', failed({ kind: 'unexpected', stage: 'http' }));
    world.apply({ name: 'odd', uid: 'o' });
    world.apply({ name: 'fine', uid: 'f' });
    await world.clock.advance(10);
    expect(world.status('default/odd')).toMatchObject({ state: 'Permanent', failure: { reason: 'UnexpectedError' } });
    expect(ready(world, 'default/fine')).toBe('True');
  });
});
