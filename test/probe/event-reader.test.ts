import { describe, expect, it } from 'vitest';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import { createEventReader, readEventMessage } from '../../src/probe/event-reader.ts';
import { LIMITS } from '../../src/probe/limits.ts';

/** Feeds text; gives the events that came and the fact that ended the reading. */
function read(text: string) {
  const events: string[] = [];
  const reader = createEventReader((type, data) => {
    events.push(`${type} ${data}`);
    return undefined;
  });
  return { events, failure: reader.feed(Buffer.from(text)), lastEventID: reader.lastEventID() };
}

describe('a reader of events', () => {
  it('gives types and data, passes over events without data, and keeps the last id', () => {
    expect(read('id: 1\ndata:\n\nevent: endpoint\ndata: /x\n\n: ping\n\nid: 2\ndata: a\ndata: b\n\n')).toEqual({
      events: ['endpoint /x', 'message a\nb'],
      failure: undefined,
      lastEventID: '2',
    });
  });

  it('ends with the fact of its caller, and gives nothing after it', () => {
    const seen: string[] = [];
    const fact = { kind: 'payload', stage: 'payload', problem: 'schema', httpStatus: 200 } as const;
    const reader = createEventReader((_type, data) => {
      seen.push(data);
      return fact;
    });
    expect(reader.feed(Buffer.from('data: a\n\ndata: b\n\n'))).toBe(fact);
    expect(reader.feed(Buffer.from('data: c\n\n'))).toBe(fact);
    expect(seen).toEqual(['a']);
  });

  it('counts events of every type, with and without data, and refuses the one beyond the bound', () => {
    const events = 'event: x\ndata: 1\n\ndata:\n\n'.repeat(LIMITS.events / 2);
    expect(read(events).failure).toBe(undefined);
    expect(read(`${events}data: y\n\n`)).toMatchObject({ failure: { limit: 'events' } });
  });

  it('reads the same in pieces of any size, and sends each event on as soon as its last byte is there', () => {
    const text = '\ufeffid: 1\r\ndata: ä😀\r\n\r\nevent: endpoint\ndata: /x\n\n: ping\rdata: a\rdata: b\r\r';
    const bytes = Buffer.from(`${text}data: ${'x'.repeat(40_000)}\n\n`);
    for (const size of [1, 2, 3, 7, 16_384, 100_000]) {
      const events: string[] = [];
      const reader = createEventReader((type, data) => void events.push(`${type} ${data}`));
      for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size));
      expect(events, String(size)).toEqual(['message ä😀', 'endpoint /x', 'message a\nb', `message ${'x'.repeat(40_000)}`]);
    }
  });

  it('holds a line that comes byte by byte at about its size, and refuses it when it is too long', () => {
    const reader = createEventReader(() => undefined);
    const one = Buffer.from('x');
    reader.feed(Buffer.from('data: '));
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < LIMITS.eventBytes - 6; count += 1) reader.feed(one);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(6 * LIMITS.eventBytes);
    expect(reader.feed(Buffer.from('x'.repeat(20)))).toMatchObject({ limit: 'event' });
  });

  it('measures an event in bytes, not in characters', () => {
    const wide = '€'.repeat(Math.floor(LIMITS.eventBytes / 3));
    expect(read(`data: ${wide}\n\n`).failure).toBe(undefined);
    expect(read(`data: ${wide}€\n\n`).failure).toMatchObject({ limit: 'event' });
  });
});

it('the data of an event is a message, or the fact why not', () => {
  expect(readEventMessage('{"jsonrpc":"2.0","method":"m"}', 200, createByteBudget())).toEqual({ kind: 'incoming' });
  expect(readEventMessage('{"jsonrpc":"2.0","id":1,"result":{}}', 200, createByteBudget())).toMatchObject({
    kind: 'result',
    id: 1,
  });
  expect(readEventMessage('{', 200, createByteBudget())).toMatchObject({ fact: { problem: 'brokenStream' } });
  expect(readEventMessage('{}', 200, createByteBudget())).toMatchObject({ fact: { problem: 'notJSONRPC' } });
  expect(readEventMessage('['.repeat(100), 200, createByteBudget())).toMatchObject({ fact: { limit: 'depth' } });
});
