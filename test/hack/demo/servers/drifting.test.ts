import { expect, test } from 'vitest';
import { createDriftingServer, DRIFT_EVERY_MS } from '../../../../hack/demo/servers/drifting.ts';
import { postModern, toolsOf, withServer } from './wire.ts';

test('its tools change in number, then in a description alone, then begin again', async () => {
  let nowMs = 5_000;
  await withServer(
    () => createDriftingServer(() => nowMs),
    async (url) => {
      const lists: Record<string, string>[] = [];
      for (const atMs of [0, DRIFT_EVERY_MS - 1, DRIFT_EVERY_MS, 2 * DRIFT_EVERY_MS, 3 * DRIFT_EVERY_MS]) {
        nowMs = 5_000 + atMs;
        lists.push(toolsOf(await postModern(url, 'tools/list')));
      }
      expect(lists.map((list) => Object.keys(list).length)).toEqual([1, 1, 2, 1, 1]);
      expect(lists[1]).toEqual(lists[0]);
      expect(lists[3]).not.toEqual(lists[0]);
      expect(Object.keys(lists[3] ?? {})).toEqual(Object.keys(lists[0] ?? {}));
      expect(lists[4]).toEqual(lists[0]);
    },
  );
});
