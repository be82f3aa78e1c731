import { describe, expect, test } from 'vitest';
import { createTally } from './tally.ts';

const DISCOVER = 'server/discover';

describe('a retry', () => {
  test('is a request to a failing server that was asked before', () => {
    const tally = createTally();
    tally.begin(1, DISCOVER, true, 0)();
    tally.begin(2, DISCOVER, true, 0)();
    expect(tally.read()).toMatchObject({ retries: 0, peakRetries: 0, probes: 2, serversAsked: 2 });
    tally.begin(1, DISCOVER, true, 0)();
    expect(tally.read()).toMatchObject({ retries: 1, peakRetries: 1 });
  });

  test('to a healthy server is none', () => {
    const tally = createTally();
    tally.begin(1, DISCOVER, false, 0);
    tally.begin(1, 'tools/list', false, 0);
    expect(tally.read()).toMatchObject({ retries: 0, peakRetries: 0, peakFailing: 0 });
  });

  test('is first a first request again after a reset', () => {
    const tally = createTally();
    tally.begin(1, DISCOVER, true, 0)();
    tally.reset();
    tally.begin(1, DISCOVER, true, 0)();
    expect(tally.read()).toMatchObject({ retries: 0, probes: 1 });
  });
});

test('the peak is what was open at once, and the end of a request counts once', () => {
  const tally = createTally();
  for (const server of [1, 2, 3]) tally.begin(server, DISCOVER, true, 0)();
  const first = tally.begin(1, DISCOVER, true, 0);
  const second = tally.begin(2, DISCOVER, true, 0);
  first();
  first();
  tally.begin(3, DISCOVER, true, 0);
  expect(tally.read()).toMatchObject({ retries: 3, peakRetries: 2 });
  second();
});

test('a tick shows the most within it, and what is still open in the next', () => {
  const tally = createTally();
  const close = [tally.connect(), tally.connect()];
  close[0]?.();
  tally.tick();
  tally.tick();
  close[1]?.();
  tally.tick();
  tally.tick();
  expect(tally.read().timeline.map(({ connections }) => connections)).toEqual([2, 1, 1, 0]);
  expect(tally.read().peakConnections).toBe(2);
});

test('the first request is remembered, and many methods are told apart no further', () => {
  const tally = createTally();
  for (let index = 0; index < 100; index++) tally.begin(0, `m${index}`, false, 1_000 + index)();
  const { requests, firstRequestMs } = tally.read();
  expect(firstRequestMs).toBe(1_000);
  expect(Object.keys(requests)).toHaveLength(33);
  expect(requests['other']).toBe(68);
});
