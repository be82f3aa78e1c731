/** What people hear of an object, through the whole reconciler: each change once, whatever becomes of the answers to our writes. */
import { describe, expect, it } from 'vitest';
import { FAILED, succeeded } from './samples.ts';
import { createWorld } from './world.ts';

const reasons = (world: ReturnType<typeof createWorld>) => world.events.map(({ reason }) => reason);

describe('events', () => {
  it('C4: a change is told after its status stands, with the same id in status, log and event', async () => {
    const world = createWorld();
    const key = world.apply({});
    await world.clock.advance(10);
    const probeID = world.probes[0]?.request.probeID;
    expect(world.events).toMatchObject([{ reason: 'Available', probeID, name: 'a' }]);
    expect(world.transitions).toMatchObject([{ to: 'Available', probeID, reconcileID: expect.any(String) }]);
    expect(world.status(key).history).toMatchObject([{ probeID }]);
  });

  it.each([
    ['after the rewrite', undefined],
    ['after the watch showed it', 0],
  ])('a write whose answer is lost is told once, %s', async (_when, watchDelayMs) => {
    const world = createWorld({ watchDelayMs: watchDelayMs ?? 60_000 });
    world.nextWrites.push({ lost: true });
    world.apply({});
    await world.clock.advance(30_000);
    expect(world.writes).toHaveLength(1);
    expect([reasons(world), world.transitions.length]).toEqual([['Available'], 1]);
    await world.clock.advance(60_000);
    expect([reasons(world), world.transitions.length]).toEqual([['Available'], 1]);
  });

  it('a write that never arrived is told once, when its repetition did', async () => {
    const world = createWorld();
    world.nextWrites.push({ kind: 'unavailable' }, { kind: 'unavailable' });
    world.apply({});
    await world.clock.advance(100);
    expect([reasons(world), world.transitions]).toEqual([[], []]);
    await world.clock.advance(10_000);
    expect([reasons(world), world.transitions.length]).toEqual([['Available'], 1]);
  });

  it('a server that fails and comes back is two events, however many retries lie between', async () => {
    const world = createWorld();
    const key = world.apply({ spec: { probe: { progressDeadlineSeconds: 0 } } });
    await world.clock.advance(10);
    world.script(key, FAILED.refused);
    await world.clock.advance(500_000);
    world.script(key, succeeded());
    await world.clock.advance(400_000);
    expect(reasons(world)).toEqual(['Available', 'TransientFailure', 'Recovered']);
  });
});

describe('a Secret that the operator has no right to read', () => {
  const spec = { auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 'token' } } } };

  it('is told once in log and event, and the object waits for its verdict with the reason and what to do', async () => {
    const world = createWorld();
    world.setUnreadable({ kind: 'Secret', name: 'token' });
    world.script('default/a', { kind: 'undecided' });
    const key = world.apply({ spec });
    await world.clock.advance(600_000);
    expect(world.forbidden).toEqual(['a: Secret/token']);
    expect(reasons(world)).toEqual(['CredentialsForbidden']);
    expect(world.status(key)).toMatchObject({ state: 'Pending', observedGeneration: -1 });
    expect(world.status(key).conditions).toMatchObject([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'CredentialsForbidden',
        message: expect.stringContaining('verb get on secrets'),
      },
      { type: 'Reconciling', status: 'True' },
    ]);
    // The Pending row and this one at most, in ten minutes.
    expect(world.writes.length).toBeLessThanOrEqual(2);
  });

  it('is read soon after the right is given, and refused anew is told anew', async () => {
    const world = createWorld();
    world.setUnreadable({ kind: 'Secret', name: 'token' });
    world.script('default/a', { kind: 'undecided' });
    const key = world.apply({ spec });
    await world.clock.advance(200_000);
    world.script(key, succeeded());
    await world.clock.advance(60_000);
    expect(world.status(key).state).toBe('Available');
    expect(reasons(world)).toEqual(['CredentialsForbidden', 'Available']);
    world.script(key, { kind: 'undecided' });
    await world.clock.advance(600_000);
    expect(world.forbidden).toHaveLength(2);
  });

  it('takes nothing from an object that has a verdict: a right that is taken away makes nobody unready', async () => {
    const world = createWorld();
    const key = world.apply({ spec });
    await world.clock.advance(10);
    world.setUnreadable({ kind: 'Secret', name: 'token' });
    world.script(key, { kind: 'undecided' });
    const before = world.status(key);
    await world.clock.advance(1_000_000);
    expect(world.status(key)).toEqual(before);
    expect(reasons(world)).toEqual(['Available', 'CredentialsForbidden']);
  });

  it('is no matter while the API server only starts: two refusals are silent', async () => {
    const world = createWorld();
    world.setUnreadable({ kind: 'Secret', name: 'token' });
    let refusals = 2;
    world.script('default/a', () => (refusals-- > 0 ? { kind: 'undecided' } : succeeded()));
    world.apply({ spec });
    await world.clock.advance(10_000);
    expect(world.forbidden).toEqual([]);
    expect(reasons(world)).toEqual(['Available']);
  });
});
