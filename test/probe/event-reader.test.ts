import { describe, expect, it } from 'vitest';
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

  it('measures an event in bytes, not in characters', () => {
    const wide = '€'.repeat(Math.floor(LIMITS.eventBytes / 3));
    expect(read(`data: ${wide}\n\n`).failure).toBe(undefined);
    expect(read(`data: ${wide}€\n\n`).failure).toMatchObject({ limit: 'event' });
  });
});

it('the data of an event is a message, or the fact why not', () => {
  expect(readEventMessage('{"jsonrpc":"2.0","method":"m"}', 200)).toEqual({ kind: 'incoming' });
  expect(readEventMessage('{"jsonrpc":"2.0","id":1,"result":{}}', 200)).toMatchObject({ kind: 'result', id: 1 });
  expect(readEventMessage('{', 200)).toMatchObject({ fact: { problem: 'brokenStream' } });
  expect(readEventMessage('{}', 200)).toMatchObject({ fact: { problem: 'notJSONRPC' } });
  expect(readEventMessage('['.repeat(100), 200)).toMatchObject({ fact: { limit: 'depth' } });
});
