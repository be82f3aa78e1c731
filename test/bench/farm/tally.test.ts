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

describe('an expected retry', () => {
  test('lasts from the discovery until the tools are listed, and there is one for each server', () => {
    const tally = createTally();
    tally.expectRetries([1, 2]);
    for (const server of [1, 2, 3]) tally.begin(server, DISCOVER, false, 0)();
    expect(tally.read()).toMatchObject({ retries: 2, peakRetries: 2 });
    for (const server of [1, 2, 3]) tally.begin(server, 'tools/list', false, 0)();
    tally.reset();
    for (const server of [1, 2, 3]) tally.begin(server, DISCOVER, false, 0)();
    expect(tally.read()).toMatchObject({ retries: 0, peakRetries: 0 });
  });

  test('ends with its connection, and is expected again', () => {
    const tally = createTally();
    tally.expectRetries([1, 2]);
    tally.begin(1, DISCOVER, false, 0)();
    tally.leave(1);
    tally.leave(1);
    tally.begin(2, DISCOVER, false, 0)();
    expect(tally.read()).toMatchObject({ retries: 2, peakRetries: 1 });
    tally.begin(1, DISCOVER, false, 0)();
    expect(tally.read()).toMatchObject({ retries: 3, peakRetries: 2 });
  });
});

test('probes are counted by the second since the first request', () => {
  const tally = createTally();
  for (const atMs of [5_000, 5_999, 6_000, 8_100]) tally.begin(0, DISCOVER, false, atMs)();
  tally.begin(0, 'tools/list', false, 8_200)();
  expect(tally.read().probesBySecond).toEqual([2, 1, 0, 1]);
  tally.reset();
  expect(tally.read().probesBySecond).toEqual([]);
});
