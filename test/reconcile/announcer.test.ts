import { expect, it } from 'vitest';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';
import { createAnnouncer } from '../../src/reconcile/announcer.ts';
import { recall } from '../../src/reconcile/memory.ts';
import type { TransitionNotice } from '../../src/reconcile/ports.ts';
import { rawOf } from './samples.ts';

function setUp() {
  const transitions: TransitionNotice[] = [];
  const events: string[] = [];
  const announcer = createAnnouncer({
    observer: { transition: (notice) => transitions.push(notice) },
    events: { record: ({ resourceVersion }, { reason }) => events.push(`${reason} of ${resourceVersion}`) },
  });
  const raw = rawOf({ resourceVersion: '7' });
  const memory = recall(raw, { wallMs: 0, monotonicMs: 0 });
  memory.reconcileID = 'r1';
  const previous = memory.status;
  const status: MCPServerStatus = {
    ...previous,
    state: 'Available',
    history: [{ time: '2026-01-01T00:00:00Z', from: 'Pending', to: 'Available', reason: 'Available', probeID: 'p1' }],
  };
  return { announcer, raw, memory, change: { previous, status, probeID: 'p1' }, transitions, events };
}

it('C4: a change that arrived is a transition with both ids and an event about the version that stands there', () => {
  const { announcer, raw, memory, change, transitions, events } = setUp();
  announcer.arrived(raw, memory, change);
  expect(transitions).toEqual([
    {
      namespace: 'default',
      name: 'a',
      uid: 'uid-a',
      from: 'Pending',
      to: 'Available',
      reason: 'Available',
      probeID: 'p1',
      reconcileID: 'r1',
    },
  ]);
  expect(events).toEqual(['Available of 7']);
});

it('a write whose answer was lost is told once, when its status shows, whatever its times are there', () => {
  const { announcer, raw, memory, change, transitions, events } = setUp();
  announcer.unanswered(memory, change);
  announcer.catchUp(raw, memory);
  expect(transitions).toEqual([]);
  memory.status = {
    ...change.status,
    history: change.status.history?.map((each) => ({ ...each, time: '2026-01-01T00:00:01Z' })),
  };
  memory.resourceVersion = '8';
  announcer.catchUp(raw, memory);
  announcer.catchUp(raw, memory);
  expect([transitions.length, events]).toEqual([1, ['Available of 8']]);
});

it('a write that was lost on the way is not told beside the one that arrived', () => {
  const { announcer, raw, memory, change, transitions, events } = setUp();
  announcer.unanswered(memory, change);
  memory.status = change.status;
  announcer.arrived(raw, memory, change);
  announcer.catchUp(raw, memory);
  expect([transitions.length, events.length]).toEqual([1, 1]);
});
