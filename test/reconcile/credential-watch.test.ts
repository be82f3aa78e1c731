import { describe, expect, it } from 'vitest';
import type { Lookup } from '../../src/probe/ports.ts';
import { createCredentialWatch, LOOK_EVERY_MS, MAX_LOOKS_IN_FLIGHT } from '../../src/reconcile/credential-watch.ts';
import type { Followed } from '../../src/reconcile/references.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

type Answer = Lookup<string> | Promise<Lookup<string>>;

function setUp() {
  const clock = createFakeClock();
  const versions = new Map<string, string>();
  const looks: { id: string; atMs: number }[] = [];
  const changed: string[] = [];
  let inFlight = 0;
  let peak = 0;
  let answer: ((id: string) => Answer) | undefined;
  let ended = 0;
  const watch = createCredentialWatch({
    clock,
    versions: {
      async readVersion(kind, namespace, name, signal) {
        const id = `${kind}/${namespace}/${name}`;
        looks.push({ id, atMs: clock.monotonicMs() });
        inFlight += 1;
        peak = Math.max(peak, inFlight);
        signal.addEventListener('abort', () => ended++, { once: true });
        const version = versions.get(id);
        const found: Lookup<string> = version === undefined ? { kind: 'notFound' } : { kind: 'found', value: version };
        const result = await (answer === undefined ? found : answer(id));
        inFlight -= 1;
        return result;
      },
    },
    onChange: (key) => changed.push(key),
  });
  return {
    clock,
    watch,
    versions,
    looks,
    changed,
    peak: () => peak,
    ended: () => ended,
    answering(next: ((id: string) => Answer) | undefined) {
      answer = next;
    },
  };
}

/** A Secret as a probe read it: a version, undefined when it was missing. */
const read = (name: string, version: string | undefined): Followed => ({ kind: 'Secret', name, seen: { version } });
const unread = (name: string): Followed => ({ kind: 'Secret', name, seen: undefined });

describe('rounds', () => {
  it('a reference that a probe has read is looked at 30 s later, and every 30 s from then on', async () => {
    const { clock, watch, versions, looks, changed } = setUp();
    versions.set('Secret/ns/a', '1');
    watch.follow('ns/x', 'ns', [read('a', '1')]);
    await clock.advance(29_999);
    expect(looks).toEqual([]);
    await clock.advance(60_001);
    expect(looks.map(({ atMs }) => atMs)).toEqual([30_000, 60_000, 90_000]);
    expect(changed).toEqual([]);
  });

  it('at most ten looks a second, and each of 1,000 references gets its turn before any gets a second', async () => {
    const { clock, watch, looks } = setUp();
    for (let i = 0; i < 1000; i++) watch.follow(`ns/${i}`, 'ns', [i % 2 === 0 ? unread(`s${i}`) : read(`s${i}`, undefined)]);
    await clock.advance(129_950);
    for (let from = 0; from < looks.length - 10; from++) {
      expect((looks[from + 10]?.atMs ?? 0) - (looks[from]?.atMs ?? 0)).toBeGreaterThanOrEqual(1000);
    }
    expect(looks).toHaveLength(1300);
    expect(new Set(looks.map(({ id }) => id)).size).toBe(1000);
    expect(clock.armed()).toBe(1);
  });

  it('1,000 objects that share a Secret share one look, and each hears of the change once', async () => {
    const { clock, watch, versions, looks, changed } = setUp();
    versions.set('Secret/ns/shared', '1');
    for (let i = 0; i < 1000; i++) watch.follow(`ns/${i}`, 'ns', [read('shared', '1')]);
    versions.set('Secret/ns/shared', '2');
    await clock.advance(LOOK_EVERY_MS);
    expect(looks).toHaveLength(1);
    expect(changed).toHaveLength(1000);
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toHaveLength(1000);
  });

  it('the same name in another namespace, or of another kind, is another reference', async () => {
    const { clock, watch, looks } = setUp();
    watch.follow('one/x', 'one', [unread('a'), { kind: 'ConfigMap', name: 'a', seen: undefined }]);
    watch.follow('two/x', 'two', [unread('a')]);
    await clock.advance(1000);
    expect(looks.map(({ id }) => id).toSorted()).toEqual(['ConfigMap/one/a', 'Secret/one/a', 'Secret/two/a']);
  });

  it('while answers do not come, ten looks are in flight and no more', async () => {
    const { clock, watch, looks, peak, answering } = setUp();
    const gate = Promise.withResolvers<Lookup<string>>();
    answering(() => gate.promise);
    for (let i = 0; i < 50; i++) watch.follow(`ns/${i}`, 'ns', [unread(`s${i}`)]);
    await clock.advance(120_000);
    expect([looks.length, peak(), clock.armed()]).toEqual([MAX_LOOKS_IN_FLIGHT, MAX_LOOKS_IN_FLIGHT, 0]);
    answering(undefined);
    gate.resolve({ kind: 'notFound' });
    await clock.advance(LOOK_EVERY_MS);
    expect(new Set(looks.map(({ id }) => id)).size).toBe(50);
  });
});

describe('what counts as a change', () => {
  it('a Secret that comes, changes, goes', async () => {
    const { clock, watch, versions, changed } = setUp();
    watch.follow('ns/x', 'ns', [read('a', undefined)]);
    for (const version of ['1', '2', undefined]) {
      if (version === undefined) versions.delete('Secret/ns/a');
      else versions.set('Secret/ns/a', version);
      await clock.advance(LOOK_EVERY_MS);
    }
    expect(changed).toEqual(['ns/x', 'ns/x', 'ns/x']);
  });

  it('a change between the read of the probe and the first look is not missed', async () => {
    const { clock, watch, versions, changed } = setUp();
    versions.set('Secret/ns/a', '2');
    watch.follow('ns/x', 'ns', [read('a', '1')]);
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toEqual(['ns/x']);
  });

  it('what no probe read is compared with the first look, which comes at once', async () => {
    const { clock, watch, versions, looks, changed } = setUp();
    versions.set('Secret/ns/a', '1');
    watch.follow('ns/x', 'ns', [unread('a')]);
    await clock.advance(10);
    expect([looks.length, changed]).toEqual([1, []]);
    versions.set('Secret/ns/a', '2');
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toEqual(['ns/x']);
  });

  it('no answer is no news, neither at first nor later', async () => {
    const { clock, watch, versions, changed, answering } = setUp();
    versions.set('Secret/ns/a', '1');
    answering(() => ({ kind: 'unavailable' }));
    watch.follow('ns/x', 'ns', [unread('a')]);
    watch.follow('ns/y', 'ns', [read('a', '1')]);
    await clock.advance(LOOK_EVERY_MS);
    answering(undefined);
    await clock.advance(LOOK_EVERY_MS);
    answering(() => ({ kind: 'unavailable' }));
    await clock.advance(LOOK_EVERY_MS);
    answering(undefined);
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toEqual([]);
    versions.set('Secret/ns/a', '2');
    await clock.advance(LOOK_EVERY_MS);
    expect(changed.toSorted()).toEqual(['ns/x', 'ns/y']);
  });

  it('a look that began before an object came says nothing about what that object knows', async () => {
    const { clock, watch, versions, changed, answering } = setUp();
    const slow = Promise.withResolvers<Lookup<string>>();
    watch.follow('ns/old', 'ns', [read('a', '1')]);
    answering(() => slow.promise);
    await clock.advance(LOOK_EVERY_MS);
    // While that look is under way the Secret changes, and a probe of another object reads the new version.
    versions.set('Secret/ns/a', '2');
    watch.follow('ns/new', 'ns', [read('a', '2')]);
    answering(undefined);
    slow.resolve({ kind: 'found', value: '1' });
    await clock.advance(0);
    expect(changed).toEqual([]);
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toEqual(['ns/old']);
  });

  it('each object is told by what its own probe read', async () => {
    const { clock, watch, versions, changed } = setUp();
    versions.set('Secret/ns/a', '2');
    watch.follow('ns/before', 'ns', [read('a', '1')]);
    watch.follow('ns/after', 'ns', [read('a', '2')]);
    await clock.advance(LOOK_EVERY_MS);
    expect(changed).toEqual(['ns/before']);
  });
});

describe('who is not followed', () => {
  it('hears nothing, not even of a look in flight, and the last one frees the timer', async () => {
    const { clock, watch, changed, looks, answering } = setUp();
    const slow = Promise.withResolvers<Lookup<string>>();
    answering(() => slow.promise);
    watch.follow('ns/x', 'ns', [read('a', '1'), read('b', '1')]);
    watch.follow('ns/y', 'ns', [read('b', '1')]);
    await clock.advance(LOOK_EVERY_MS);
    watch.forget('ns/x');
    watch.forget('ns/x');
    slow.resolve({ kind: 'found', value: '2' });
    await clock.advance(0);
    expect(clock.armed()).toBe(1);
    watch.forget('ns/y');
    expect(clock.armed()).toBe(0);
    const before = looks.length;
    await clock.advance(10 * LOOK_EVERY_MS);
    expect(looks).toHaveLength(before);
    expect(changed).toEqual([]);
  });

  it('is followed anew by what it refers to then, and by nothing when it refers to nothing', async () => {
    const { clock, watch, looks } = setUp();
    watch.follow('ns/x', 'ns', [read('a', '1')]);
    watch.follow('ns/x', 'ns', [read('b', '1')]);
    await clock.advance(LOOK_EVERY_MS);
    expect(looks.map(({ id }) => id)).toEqual(['Secret/ns/b']);
    watch.follow('ns/x', 'ns', []);
    expect(clock.armed()).toBe(0);
  });

  it('a stop ends the looks in flight and frees everything, for good', async () => {
    const { clock, watch, looks, changed, ended, answering } = setUp();
    const slow = Promise.withResolvers<Lookup<string>>();
    answering(() => slow.promise);
    watch.follow('ns/x', 'ns', [read('a', '1')]);
    watch.follow('ns/y', 'ns', [read('b', '1')]);
    await clock.advance(LOOK_EVERY_MS);
    watch.stop();
    watch.stop();
    expect(ended()).toBe(1);
    slow.resolve({ kind: 'found', value: '2' });
    watch.follow('ns/z', 'ns', [unread('c')]);
    await clock.advance(10 * LOOK_EVERY_MS);
    expect([looks.length, changed, clock.armed()]).toEqual([1, [], 0]);
  });
});
