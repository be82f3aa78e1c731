import { beforeEach, describe, expect, test } from 'vitest';
import type { KubeRequest, KubeResult } from '../../src/kube/client.ts';
import { createEventWriter, type EventFate, type EventWriter, FLUSH_MS } from '../../src/kube/events.ts';
import type { LogFields } from '../../src/platform/log.ts';
import type { EventNotice } from '../../src/reconcile/ports.ts';
import { createFakeClock, type FakeClock, fixedRandom } from '../platform/fake-clock.ts';

const OK: KubeResult = { kind: 'ok', status: 201, body: '' };
const AWAY: KubeResult = { kind: 'network', errorCode: 'ECONNREFUSED' };
const status = (code: number): KubeResult => ({ kind: 'status', status: code });

let clock: FakeClock;
let sent: { atMs: number; request: KubeRequest }[];
let fates: EventFate[];
let warnings: LogFields[];
let answer: (request: KubeRequest) => KubeResult | 'hang';
let leads: boolean;
let busy: boolean;
let writer: EventWriter;

beforeEach(() => {
  clock = createFakeClock();
  sent = [];
  fates = [];
  warnings = [];
  answer = () => OK;
  leads = true;
  busy = false;
  writer = createEventWriter(
    {
      client: {
        async request(request) {
          sent.push({ atMs: clock.monotonicMs(), request });
          const result = answer(request);
          if (result !== 'hang') return result;
          return new Promise((resolve) => {
            request.signal?.addEventListener('abort', () => resolve({ kind: 'aborted' }), { once: true });
          });
        },
      },
      clock,
      random: fixedRandom(1),
      log: { debug() {}, info() {}, warn: (fields) => warnings.push(fields), error: (fields) => warnings.push(fields) },
      mayWrite: () => leads,
      isBusy: () => busy,
      observe: (fate) => fates.push(fate),
    },
    { controller: 'mcpserver-operator', instance: 'pod-0' },
  );
});

const notice: EventNotice = { type: 'Normal', reason: 'Available', action: 'Probe', note: 'n', probeID: 'p' };
const record = (name = 'a', overlay: Partial<EventNotice> = {}) =>
  writer.record({ namespace: 'ns', name, uid: `uid-${name}`, resourceVersion: '7' }, { ...notice, ...overlay });
const methods = () => sent.map(({ request }) => request.method);
const times = () => sent.map(({ atMs }) => atMs);
const bodies = () => sent.map(({ request }) => JSON.parse(request.body ?? ''));

describe('record', () => {
  test('sends at once when there is nothing else to send, and then keeps a pace', async () => {
    for (const name of ['a', 'b', 'c']) record(name);
    await clock.advance(1000);
    expect(times()).toEqual([0, 20, 40]);
    expect(fates).toEqual(['created', 'created', 'created']);
  });

  test('goes slowly while statuses are being written', async () => {
    busy = true;
    for (const name of ['a', 'b', 'c']) record(name);
    await clock.advance(2000);
    expect(times()).toEqual([0, 1000, 2000]);
  });

  test('one write at a time, however long it takes', async () => {
    answer = () => 'hang';
    for (const name of ['a', 'b']) record(name);
    await clock.advance(10_000);
    expect(sent).toHaveLength(1);
    expect(writer.queued()).toBe(2);
  });

  test('a repetition lets the first grow; one that comes before the first is sent goes with it', async () => {
    record();
    record();
    await clock.advance(100);
    record();
    await clock.advance(100);
    expect(methods()).toEqual(['POST']);
    record('b');
    await clock.advance(100);
    record('b', { probeID: 'p2' });
    await clock.advance(100);
    expect(methods()).toEqual(['POST', 'POST', 'PATCH']);
    expect(bodies()[2]).toMatchObject({ series: { count: 2 } });
    await clock.advance(330_000);
    expect(bodies()[3]).toMatchObject({ series: { count: 3 } });
  });

  test('a series whose Event the API server has forgotten goes on as another one', async () => {
    record();
    await clock.advance(100);
    answer = ({ method }) => (method === 'PATCH' ? status(404) : OK);
    record();
    await clock.advance(100);
    expect(methods()).toEqual(['POST', 'PATCH', 'POST']);
    const [first, , second] = bodies();
    expect(second.metadata.name).not.toBe(first.metadata.name);
    expect(second.series.count).toBe(2);
  });
});

describe('trouble', () => {
  test('an API server that is away is tried 8 times, over some 1.5 minutes; then the event is lost and counted', async () => {
    answer = () => AWAY;
    record();
    await clock.advance(600_000);
    expect(times()).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
    expect(fates).toEqual(['unavailable']);
  });

  test('the same event is sent again, under the same name, until it arrives', async () => {
    let failures = 2;
    answer = () => (failures-- > 0 ? AWAY : status(409));
    record();
    await clock.advance(10_000);
    expect(new Set(bodies().map(({ metadata }) => metadata.name)).size).toBe(1);
    expect(fates).toEqual(['created']);
  });

  test('Retry-After is a floor', async () => {
    answer = () => (sent.length === 1 ? { kind: 'status', status: 429, retryAfterMs: 7000 } : OK);
    record();
    await clock.advance(10_000);
    expect(times()).toEqual([0, 7000]);
  });

  test('without the right to write events each is given up at once, and one line says so until one arrives', async () => {
    answer = () => status(403);
    for (const name of ['a', 'b', 'c']) record(name);
    await clock.advance(1000);
    expect(fates).toEqual(['refused', 'refused', 'refused']);
    expect(warnings).toEqual([{ httpStatus: 403 }]);
    answer = () => OK;
    record('d');
    await clock.advance(1000);
    answer = () => status(403);
    record('e');
    await clock.advance(1000);
    expect(warnings).toHaveLength(2);
  });

  test('nothing is sent while another process leads, and what waited for ten minutes is no news', async () => {
    leads = false;
    record();
    await clock.advance(610_000);
    expect([sent, fates]).toEqual([[], ['expired']]);
    record('b');
    await clock.advance(5000);
    leads = true;
    await clock.advance(5000);
    expect(fates).toEqual(['expired', 'created']);
  });

  test('the queue is bounded: what comes when it is full is lost and counted', async () => {
    answer = () => 'hang';
    for (let i = 0; i < 10_002; i++) record(`s${i}`);
    expect(writer.queued()).toBe(10_000);
    expect(fates).toEqual(['queueFull', 'queueFull']);
    await writer.drop();
  });

  test('one object that flaps costs 25 writes, and no timer stays some hours later', async () => {
    for (let i = 0; i < 100; i++) record('a', { note: `n${i}` });
    await clock.advance(10_000);
    expect(sent).toHaveLength(25);
    expect(fates.filter((fate) => fate === 'limited')).toHaveLength(75);
    await clock.advance(26 * 300_000);
    expect(clock.armed()).toBe(0);
  });
});

describe('the end', () => {
  test('sends what waits without keeping the pace, and the counts that were held back', async () => {
    busy = true;
    for (let i = 0; i < 4; i++) {
      record();
      await clock.advance(1000);
    }
    for (const name of ['b', 'c', 'd']) record(name);
    await writer.stop();
    expect(methods()).toEqual(['POST', 'PATCH', 'POST', 'POST', 'POST', 'PATCH']);
    expect(bodies().at(-1)).toMatchObject({ series: { count: 4 } });
    expect(writer.queued()).toBe(0);
    expect(clock.armed()).toBe(0);
    record('late');
    expect(fates.at(-1)).toBe('ended');
  });

  test('takes no longer than its bound, whatever the API server does', async () => {
    answer = () => 'hang';
    for (const name of ['a', 'b']) record(name);
    await clock.advance(10);
    let ended = false;
    const stopping = writer.stop().then(() => {
      ended = true;
    });
    await clock.advance(FLUSH_MS - 1);
    expect(ended).toBe(false);
    await clock.advance(1);
    await stopping;
    expect(fates).toEqual(['ended', 'ended']);
    expect(clock.armed()).toBe(0);
  });

  test('does not hammer an API server that is away', async () => {
    answer = () => AWAY;
    for (let i = 0; i < 50; i++) record(`s${i}`);
    await clock.advance(10);
    await writer.stop();
    expect(sent.length).toBeLessThanOrEqual(2);
    expect(fates).toHaveLength(50);
  });

  test('who has lost the lead sends nothing more', async () => {
    answer = () => 'hang';
    for (const name of ['a', 'b']) record(name);
    await clock.advance(10);
    leads = false;
    await writer.drop();
    expect(sent).toHaveLength(1);
    expect(fates).toEqual(['ended', 'ended']);
    expect(clock.armed()).toBe(0);
  });
});
