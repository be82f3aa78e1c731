import { describe, expect, it } from 'vitest';
import { type Memory, recall } from '../../src/reconcile/memory.ts';
import { createWaiting, PENDING_AFTER_MS } from '../../src/reconcile/waiting.ts';
import { createFakeClock } from '../platform/fake-clock.ts';
import { type RawOptions, rawOf } from './samples.ts';

function setUp() {
  const clock = createFakeClock();
  const memories = new Map<string, Memory>();
  const waiting = createWaiting(clock);
  return {
    clock,
    memories,
    waiting,
    add(key: string, options: RawOptions = {}) {
      const memory = memories.get(key) ?? recall(rawOf({ name: key, ...options }), { wallMs: 0, monotonicMs: 0 });
      memories.set(key, memory);
      waiting.add(key, memory);
    },
    overdue: (writing = 0) => waiting.takeOverdue((key) => memories.get(key), writing),
  };
}

describe('waiting', () => {
  it('names who has waited for 2 s, once', async () => {
    const { clock, add, overdue } = setUp();
    add('a');
    await clock.advance(1000);
    add('b');
    expect(overdue()).toEqual([]);
    await clock.advance(1000);
    expect(overdue()).toEqual(['a']);
    await clock.advance(PENDING_AFTER_MS);
    expect(overdue()).toEqual(['b']);
    expect(overdue()).toEqual([]);
  });

  it('counts from the first time that a generation waits, and anew for the next one', async () => {
    const { clock, memories, add, overdue } = setUp();
    add('a');
    add('b');
    await clock.advance(1500);
    add('a');
    const memory = memories.get('a');
    if (memory !== undefined) memory.awaitedSinceMs = undefined;
    add('a');
    await clock.advance(600);
    expect(overdue()).toEqual(['b']);
    await clock.advance(1500);
    expect(overdue()).toEqual(['a']);
  });

  it('lets verdicts go first: with eight writes under way nobody is named, and nobody is forgotten', async () => {
    const { clock, add, overdue } = setUp();
    for (let i = 0; i < 20; i++) add(`s${i}`);
    await clock.advance(PENDING_AFTER_MS);
    expect(overdue(8)).toEqual([]);
    expect(overdue(5)).toEqual(['s0', 's1', 's2']);
    expect(overdue(0)).toHaveLength(8);
  });

  it('does not name who is being written, or whose verdict waits to be', async () => {
    const { clock, memories, add, overdue } = setUp();
    add('writing');
    add('unwritten');
    add('a');
    Object.assign(memories.get('writing') ?? {}, { writing: Promise.resolve() });
    Object.assign(memories.get('unwritten') ?? {}, { unwritten: {} });
    await clock.advance(PENDING_AFTER_MS);
    expect(overdue()).toEqual(['a']);
  });

  it('does not name who has a verdict for its generation, or is gone', async () => {
    const { clock, memories, waiting, add, overdue } = setUp();
    add('probed', { status: { observedGeneration: 1, state: 'Suspended' } });
    add('done');
    waiting.delete('done');
    add('gone');
    memories.delete('gone');
    await clock.advance(PENDING_AFTER_MS);
    expect(overdue()).toEqual([]);
  });
});
