import { expect, test } from 'vitest';
import type { KubeClient, KubeStream } from '../../src/kube/client.ts';
import { type WatchEnd, watchOnce } from '../../src/kube/watch-stream.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

const clock = createFakeClock();

/** Watches a stream that consists of `pieces` and then ends. */
async function watch(pieces: readonly (string | Buffer)[], opened?: KubeStream): Promise<{ end: WatchEnd; events: string[] }> {
  const chunks = async function* () {
    for (const piece of pieces) yield Buffer.from(piece);
  };
  const client: KubeClient = {
    request: async () => ({ kind: 'aborted' }),
    stream: async () => opened ?? { kind: 'open', chunks: chunks() },
    close: async () => {},
  };
  const events: string[] = [];
  const end = await watchOnce(
    { client, clock },
    {
      path: '/x',
      query: {},
      silenceMs: 1_000,
      signal: new AbortController().signal,
      onOpen: () => events.push('open'),
      onEvent: (type, object) => {
        events.push(`${type} ${object}`);
        return type !== 'BAD';
      },
    },
  );
  expect(clock.armed()).toBe(0);
  return { end, events };
}

const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

test('lines may be cut anywhere, also inside a character, and empty ones are nothing', async () => {
  const bytes = Buffer.from(`${line('ADDED', 'ü')}\n\r\n${line('DELETED', 'ö')}`);
  for (let at = 1; at < bytes.length; at++) {
    const { end, events } = await watch([bytes.subarray(0, at), bytes.subarray(at)]);
    expect(end).toEqual({ kind: 'closed' });
    expect(events).toEqual(['open', 'ADDED ü', 'DELETED ö']);
  }
});

test.each<[string, string, WatchEnd]>([
  ['an expired version', line('ERROR', { code: 410, reason: 'Expired' }), { kind: 'expired' }],
  [
    'overload',
    line('ERROR', { code: 429, details: { retryAfterSeconds: 7 } }),
    { kind: 'status', status: 429, retryAfterMs: 7_000 },
  ],
  ['a fault', line('ERROR', { code: 500, message: 'canary' }), { kind: 'status', status: 500 }],
  ['an error without a code', line('ERROR', null), { kind: 'status', status: 500 }],
  ['half a line', '{"type":', { kind: 'truncated' }],
  ['garbage', 'x\n', { kind: 'garbage' }],
  ['an event that its hearer does not understand', line('BAD', 1), { kind: 'garbage' }],
])('%s ends the watch as what it is, and what follows is not read', async (_, text, expected) => {
  const { end, events } = await watch([line('ADDED', 1), text, ...(text.endsWith('\n') ? [line('ADDED', 2)] : [])]);
  expect(end).toEqual(expected);
  expect(events.filter((event) => event.startsWith('ADDED'))).toEqual(['ADDED 1']);
});

test('a watch that is refused is told as it was refused; 410 as expired', async () => {
  expect((await watch([], { kind: 'status', status: 403 })).end).toEqual({ kind: 'status', status: 403 });
  expect((await watch([], { kind: 'status', status: 410 })).end).toEqual({ kind: 'expired' });
  expect((await watch([], { kind: 'network', errorCode: 'ECONNREFUSED' })).end).toEqual({
    kind: 'network',
    errorCode: 'ECONNREFUSED',
  });
});
