/**
 * Late and rotated Secrets in the whole reconciler: who is looked at, what a change leads to, and what it must not lead to.
 */
import { describe, expect, it } from 'vitest';
import { FAILED, failed, succeeded } from './samples.ts';
import { createWorld } from './world.ts';

const SECOND = 1000;
const DAY = 86_400;

const missing = failed({ kind: 'reference', stage: 'credentials', problem: 'credentialsNotFound' });
const refused = failed(
  { kind: 'httpStatus', stage: 'http', httpStatus: 401, mark: 'none' },
  { credentialsDeclared: true, credentialsSent: true },
);
/** Nothing is due by itself within a test. */
const spec = {
  auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 'k' } } },
  probe: { periodSeconds: DAY, recheckSeconds: DAY },
  retry: { initialBackoffSeconds: 3600, maxBackoffSeconds: 3600 },
};

/** Servers that accept version 2 of the Secret and no other. */
function guarded(names: readonly string[], world = createWorld({ random: 0.5 })) {
  world.versions.set('Secret/token', '1');
  const keys = names.map((name) => {
    world.script(`default/${name}`, () => {
      const version = world.versions.get('Secret/token');
      return version === undefined ? missing : version === '2' ? succeeded() : refused;
    });
    return world.apply({ name, uid: `uid-${name}`, spec });
  });
  return { world, keys, key: keys[0] ?? '' };
}

describe('D8: keys that are rotated at the server', () => {
  it('heal within a re-check, when the server lets the identity in again and nobody touches anything', async () => {
    const world = createWorld({ random: 0.5 });
    world.versions.set('Secret/token', '1');
    let accepts = false;
    const key = world.apply({ name: 'a', uid: 'uid-a', spec: { ...spec, probe: { ...spec.probe, recheckSeconds: 600 } } });
    world.script(key, () => (accepts ? succeeded() : refused));
    await world.clock.advance(10 * SECOND);
    expect(world.status(key).state).toBe('Denied');
    accepts = true;
    // 600 s and at most a tenth more; not one probe before that.
    await world.clock.advance(580 * SECOND);
    expect(world.probes).toHaveLength(1);
    await world.clock.advance(80 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(2);
  });
});

describe('D8: a Secret that changes', () => {
  it('heals a denied server within a round, by a probe that counts as an edit', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(100 * SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Denied', failure: { consecutive: 1 } });
    expect(world.probes).toHaveLength(1);
    world.versions.set('Secret/token', '2');
    await world.clock.advance(30 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.causes).toEqual(['edit', 'edit']);
    // Available: nobody looks any more.
    const looks = world.looks.length;
    world.versions.set('Secret/token', '3');
    await world.clock.advance(600 * SECOND);
    expect([world.looks.length, world.probes.length]).toEqual([looks, 2]);
  });

  it('is seen although it changed while the probe was under way', async () => {
    const { world, key } = guarded(['a']);
    world.script(key, () => (world.versions.get('Secret/token') === '2' ? succeeded() : { outcome: refused, takesMs: 500 }));
    await world.clock.advance(100);
    world.versions.set('Secret/token', '2');
    await world.clock.advance(31 * SECOND);
    expect(world.status(key).state).toBe('Available');
  });

  it('heals a server whose Secret comes late, and tells one whose Secret goes', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(SECOND);
    world.versions.delete('Secret/token');
    await world.clock.advance(30 * SECOND);
    expect(world.status(key).failure?.reason).toBe('CredentialsNotFound');
    world.versions.set('Secret/token', '2');
    await world.clock.advance(30 * SECOND);
    expect(world.status(key).state).toBe('Available');
    expect(world.probes).toHaveLength(3);
  });

  it('heals a server whose late Secret is older than its progress deadline', async () => {
    const { world, key } = guarded(['a']);
    world.versions.delete('Secret/token');
    await world.clock.advance(1000 * SECOND);
    expect(world.status(key).conditions?.map(({ type }) => type)).toContain('Stalled');
    world.versions.set('Secret/token', '2');
    await world.clock.advance(30 * SECOND);
    expect(world.status(key).state).toBe('Available');
  });

  it('starts the schedule anew and keeps the snapshot: the identity is the same', async () => {
    const { world, key } = guarded(['a']);
    world.versions.set('Secret/token', '2');
    await world.clock.advance(SECOND);
    const { capabilities } = world.status(key);
    world.versions.set('Secret/token', '1');
    world.apply({ name: 'a', uid: 'uid-a', generation: 2, spec: { ...spec, probe: { ...spec.probe, recheckSeconds: 100 } } });
    await world.clock.advance(250 * SECOND);
    expect(world.status(key)).toMatchObject({ state: 'Denied', failure: { consecutive: 3 } });
    const { since } = world.status(key).failure ?? {};
    world.versions.set('Secret/token', '3');
    await world.clock.advance(30 * SECOND);
    expect(world.status(key).failure?.consecutive).toBe(1);
    expect(world.status(key).failure?.since).not.toBe(since);
    expect(world.status(key).capabilities).toEqual(capabilities);
  });

  it('is noticed by a process that knows the denial only from the status', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(SECOND);
    const next = guarded(['a'], createWorld({ random: 0.5 })).world;
    next.remove(key);
    next.apply({ name: 'a', uid: 'uid-a', spec, status: world.status(key) });
    await next.clock.advance(SECOND);
    expect(next.probes).toHaveLength(0);
    next.versions.set('Secret/token', '2');
    await next.clock.advance(30 * SECOND);
    expect(next.status(key).state).toBe('Available');
    expect(next.probes).toHaveLength(1);
  });

  it('that 1,000 denied objects share leads to one probe each, through the slots that all probes share', async () => {
    const { world, keys } = guarded(Array.from({ length: 1000 }, (_, i) => `s${i}`));
    await world.clock.advance(SECOND);
    world.resetPeak();
    for (const key of keys) world.script(key, { outcome: succeeded(), takesMs: 10 });
    world.versions.set('Secret/token', '2');
    await world.clock.advance(40 * SECOND);
    expect(world.probes).toHaveLength(2000);
    expect(world.peak()).toBe(64);
    expect(world.looks.length).toBeLessThan(5);
    expect(world.errors).toEqual([]);
  });
});

describe('a Secret that changes wakes nobody who', () => {
  it('is suspended', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(SECOND);
    world.apply({ name: 'a', uid: 'uid-a', generation: 2, spec: { ...spec, suspend: true } });
    world.versions.set('Secret/token', '2');
    await world.clock.advance(100 * SECOND);
    expect(world.status(key).state).toBe('Suspended');
    expect([world.probes.length, world.looks.length, world.clock.armed()]).toEqual([1, 0, 0]);
  });

  it('is deleted', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(SECOND);
    world.remove(key);
    await world.clock.advance(100 * SECOND);
    expect([world.probes.length, world.looks.length, world.clock.armed()]).toEqual([1, 0, 0]);
  });

  it('is healthy, or fails for another reason', async () => {
    const { world, keys } = guarded(['a', 'b']);
    world.script(keys[0] ?? '', succeeded());
    world.script(keys[1] ?? '', FAILED.notFound);
    await world.clock.advance(SECOND);
    world.versions.set('Secret/token', '2');
    await world.clock.advance(100 * SECOND);
    expect([world.probes.length, world.looks.length]).toEqual([2, 0]);
  });

  it('is probed in that moment: the probe reads it anyway', async () => {
    const { world, key } = guarded(['a']);
    await world.clock.advance(SECOND);
    world.script(key, { outcome: refused, takesMs: 40 * SECOND });
    world.apply({ name: 'a', uid: 'uid-a', generation: 2, spec: { ...spec, probe: { ...spec.probe, timeoutSeconds: 20 } } });
    await world.clock.advance(35 * SECOND);
    expect([world.inFlight(), world.looks.length]).toEqual([1, 0]);
  });
});
