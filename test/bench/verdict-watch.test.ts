import { expect, test } from 'vitest';
import type { API } from './api.ts';
import { isAvailable, readSighting, type Sighting, watchVerdicts } from './verdict-watch.ts';

const line = (name: string, state: string, version = 1, type = 'MODIFIED') => {
  const conditions = [{ type: 'Ready', status: state === 'Available' ? 'True' : 'False' }];
  const metadata = { name, resourceVersion: String(version), generation: 2 };
  return JSON.stringify({ type, object: { metadata, status: { observedGeneration: 1, state, conditions } } });
};

const none = () => undefined;

test('a sighting holds what the event says, and whether the status is news', () => {
  const [first, status] = readSighting(line('a', 'Available', 7), 5, none) ?? [];
  expect(first).toEqual({
    name: 'a',
    resourceVersion: 7n,
    generation: 2,
    observedGeneration: 1,
    state: 'Available',
    isReady: true,
    isNews: true,
    atMs: 5,
  });
  expect(readSighting(line('a', 'Available', 8), 6, () => status)?.[0].isNews).toBe(false);
  expect(readSighting(line('a', 'Transient', 9), 7, () => status)?.[0]).toMatchObject({ isNews: true, isReady: false });
});

test('an object without a status has no verdict, a deleted one is no sighting, an error is thrown', () => {
  const bare = JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'a', resourceVersion: '1' } } });
  expect(readSighting(bare, 0, none)?.[0]).toMatchObject({ state: '', observedGeneration: -1, isReady: false });
  expect(readSighting(line('a', 'Available', 1, 'DELETED'), 0, none)).toBeUndefined();
  expect(() => readSighting('{"type":"ERROR","object":{"code":410}}', 0, none)).toThrow('410');
});

/** An API whose watch says what the test says. */
function scriptedAPI() {
  let say: (line: string) => void = () => undefined;
  let breakWatch: (error: Error) => void = () => undefined;
  const api: API = {
    call: () => Promise.resolve('{"metadata":{"resourceVersion":"1"},"items":[]}'),
    lines: (_path, signal, onLine) =>
      new Promise((resolve, reject) => {
        say = onLine;
        breakWatch = reject;
        signal.addEventListener('abort', () => resolve());
      }),
    close: () => Promise.resolve(),
  };
  return { api, say: (text: string) => say(text), break: () => breakWatch(new Error('cut')) };
}

test('all are Available when all are at one time, not when each was at some time', async () => {
  const script = scriptedAPI();
  const watch = await watchVerdicts(script.api);
  const seen: Sighting[] = [];
  watch.listen((sighting) => seen.push(sighting));
  const all = watch.whenAll(['a', 'b'], isAvailable, 'Available');
  let isOver = false;
  void all.then(() => {
    isOver = true;
  });
  for (const text of [line('a', 'Available'), line('a', 'Transient'), line('b', 'Available')]) script.say(text);
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  script.say(line('a', 'Available'));
  expect(await all).toBe(seen.at(-1)?.atMs);
  expect(seen).toHaveLength(4);
  expect(await watch.whenAll(['a'], isAvailable, 'Available')).toBe(seen.at(-1)?.atMs);
  await watch.close();
});

test('a watch that breaks is told to who waits', async () => {
  const script = scriptedAPI();
  const watch = await watchVerdicts(script.api);
  const all = watch.whenAll(['a'], isAvailable, 'Available');
  script.break();
  await expect(all).rejects.toThrow('cut');
});
