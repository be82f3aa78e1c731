import { expect, test } from 'vitest';
import { readAvailable } from './fleet-watch.ts';

const event = (status: object | undefined) =>
  JSON.stringify({ type: 'MODIFIED', object: { metadata: { name: 'server-1' }, ...(status && { status }) } });
const ready = (status: string) => ({ state: 'Available', conditions: [{ type: 'Ready', status }] });

test('an object is Available when its state says so and Ready is True', () => {
  expect(readAvailable(event(ready('True')))).toBe('server-1');
});

test.each([
  [undefined],
  [{ state: 'Pending' }],
  [{ state: 'Available' }],
  [ready('False')],
  [{ ...ready('True'), state: 'Transient' }],
])('with the status %j it is not', (status) => {
  expect(readAvailable(event(status))).toBeUndefined();
});

test('an error of the watch is thrown', () => {
  expect(() => readAvailable('{"type":"ERROR","object":{"code":410,"reason":"Expired"}}')).toThrow('410');
});
