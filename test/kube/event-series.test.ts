import { expect, test } from 'vitest';
import { BURST, createEventLedger, MAX_ENTRIES, REFILL_MS, SERIES_WINDOW_MS, type Series } from '../../src/kube/event-series.ts';
import type { EventNotice, WriteTarget } from '../../src/reconcile/ports.ts';

function setUp() {
  let nowMs = 0;
  let names = 0;
  const ledger = createEventLedger({
    now: () => ({ monotonicMs: nowMs, wallMs: 1_000_000 + nowMs }),
    nameOf: () => `event-${names++}`,
  });
  /** Notes, and shows at once what is due, as a writer with nothing else to do. */
  const tell = (overlay: Partial<EventNotice> = {}, uid = 'u') => {
    const noted = ledger.note({ ...object, uid }, { ...notice, ...overlay });
    if (noted.kind === 'due') ledger.shown(noted.series, noted.series.count);
    return noted.kind;
  };
  return { ledger, tell, advance: (ms: number) => (nowMs += ms) };
}

const object: WriteTarget = { namespace: 'ns', name: 'a', uid: 'u', resourceVersion: '7' };
const notice: EventNotice = { type: 'Warning', reason: 'TransientFailure', action: 'Probe', note: 'n', probeID: 'p1' };
const show = (series: readonly Series[]) => series.map(({ count }) => count);

test('the same event within ten minutes of the last is one series: shown at the first, the second, then every five minutes', () => {
  const { ledger, tell, advance } = setUp();
  const kinds: string[] = [];
  for (let minute = 0; minute < 12; minute++) {
    kinds.push(tell({ probeID: `p${minute}` }));
    for (const series of ledger.due()) {
      kinds.push(`shown ${series.count} by ${series.probeID}`);
      ledger.shown(series, series.count);
    }
    advance(60_000);
  }
  const counted = (times: number) => Array.from({ length: times }, () => 'counted');
  expect(kinds).toEqual(['due', 'due', ...counted(5), 'shown 7 by p6', ...counted(5), 'shown 12 by p11']);
});

test('an event after more than ten minutes of silence is a new one', () => {
  const { ledger, tell, advance } = setUp();
  const countOfNext = () => {
    const noted = ledger.note(object, notice);
    return noted.kind === 'due' && noted.series.count;
  };
  tell();
  advance(SERIES_WINDOW_MS);
  expect(countOfNext()).toBe(2);
  advance(SERIES_WINDOW_MS + 1);
  expect(countOfNext()).toBe(1);
});

test('another type, reason, action, note or object is another series; another version of the object or probe is not', () => {
  const { ledger } = setUp();
  const first = ledger.note(object, notice);
  if (first.kind === 'due') ledger.shown(first.series, 1);
  const others: [WriteTarget, EventNotice][] = [
    [object, { ...notice, type: 'Normal' }],
    [object, { ...notice, reason: 'Denied' }],
    [object, { ...notice, action: 'Judge' }],
    [object, { ...notice, note: 'm' }],
    [{ ...object, uid: 'v' }, notice],
  ];
  for (const [about, what] of others) {
    const noted = ledger.note(about, what);
    expect(noted.kind === 'due' && noted.series.count).toBe(1);
  }
  const again = ledger.note({ ...object, resourceVersion: '8' }, { ...notice, probeID: 'p2' });
  expect(again.kind === 'due' && again.series.count).toBe(2);
});

test('25 events about one object in a burst, then one in five minutes; other objects are not held up', () => {
  const { tell, advance } = setUp();
  const burst = Array.from({ length: BURST + 3 }, (_, i) => tell({ note: `n${i}` }));
  expect(burst.filter((kind) => kind === 'due')).toHaveLength(25);
  expect(burst.slice(25)).toEqual(['limited', 'limited', 'limited']);
  expect(tell({}, 'other')).toBe('due');
  advance(REFILL_MS - 1);
  expect(tell({ note: 'early' })).toBe('limited');
  advance(1);
  expect([tell({ note: 'x' }), tell({ note: 'y' })]).toEqual(['due', 'limited']);
});

test('a count is held back while the burst is spent, and shown when there is room', () => {
  const { ledger, tell, advance } = setUp();
  tell();
  for (let i = 0; i < BURST; i++) tell({ note: `n${i}` });
  expect([tell(), tell()]).toEqual(['counted', 'counted']);
  advance(REFILL_MS - 1);
  expect(show(ledger.due())).toEqual([]);
  advance(1);
  expect(show(ledger.due())).toEqual([3]);
});

test('what is due is named once, until it is held back for five minutes more', () => {
  const { ledger, tell, advance } = setUp();
  for (let i = 0; i < 3; i++) tell();
  advance(REFILL_MS);
  expect(show(ledger.due())).toEqual([3]);
  expect(show(ledger.due())).toEqual([]);
});

test('at the end every count that is not shown is named, whatever the pace', () => {
  const { ledger, tell } = setUp();
  for (let i = 0; i < 5; i++) tell();
  expect(show(ledger.unshown())).toEqual([5]);
});

test('a series that was given up begins anew with the next occurrence', () => {
  const { ledger } = setUp();
  const first = ledger.note(object, notice);
  expect(first.kind).toBe('due');
  expect(ledger.note(object, notice).kind).toBe('counted');
  if (first.kind === 'due') ledger.forget(first.series);
  const next = ledger.note(object, notice);
  expect(next.kind === 'due' && [next.series.name, next.series.count]).toEqual(['event-1', 1]);
});

test('memory is bounded whatever happens, and empty some hours after the last event', () => {
  const { ledger, tell, advance } = setUp();
  for (let i = 0; i < 3 * MAX_ENTRIES; i++) tell({}, `u${i}`);
  for (let i = 0; i < 2 * MAX_ENTRIES; i++) tell({}, `u${i}`);
  expect(ledger.unshown().length).toBeLessThanOrEqual(MAX_ENTRIES);
  expect(ledger.isEmpty()).toBe(false);
  advance(SERIES_WINDOW_MS + BURST * REFILL_MS);
  expect(ledger.due()).toEqual([]);
  expect(ledger.isEmpty()).toBe(true);
});
