import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { watchForEnd, whenAborted } from '../../../hack/controlplane/ending.ts';

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s asks for an orderly end', async (name) => {
  const source = new EventEmitter();
  const signal = watchForEnd(source, () => undefined);
  const ended = whenAborted(signal);
  source.emit(name);
  await ended;
  await whenAborted(signal);
  expect(signal.aborted).toBe(true);
});

test('the same press, told twice by npm, counts once; a later one is impatience', () => {
  const source = new EventEmitter();
  let nowMs = 0;
  let impatience = 0;
  watchForEnd(
    source,
    () => impatience++,
    () => nowMs,
  );
  source.emit('SIGINT');
  nowMs = 299;
  source.emit('SIGINT');
  expect(impatience).toBe(0);
  nowMs = 300;
  source.emit('SIGINT');
  expect(impatience).toBe(1);
});
