import { expect, test } from 'vitest';
import { createScreen } from '../../../hack/demo/screen.ts';

function createStream(isTTY: boolean) {
  let text = '';
  return {
    isTTY,
    columns: 60,
    rows: 20,
    write: (piece: string) => {
      text += piece;
    },
    text: () => text,
  };
}

test('a step leaves one line with a tick, what was done and how long it took', async () => {
  const stream = createStream(false);
  let nowMs = 0;
  const screen = createScreen(stream, {}, () => nowMs);
  const result = await screen.step(
    'Chart',
    async () => {
      nowMs += 400;
      return 7;
    },
    (count) => `${count} objects`,
  );
  expect(result).toBe(7);
  expect(stream.text()).toBe('✓ Chart             7 objects (0.4 s)\n');
});

test('a step that fails is marked, and the error goes on', async () => {
  const stream = createStream(false);
  const failing = createScreen(stream, {}).step(
    'Chart',
    () => Promise.reject(new Error('refused')),
    () => '',
  );
  await expect(failing).rejects.toThrow('refused');
  expect(stream.text()).toBe('✗ Chart\n');
});

test('on a terminal a step shows that it goes on, and its line is cleared before the next is written', async () => {
  const stream = createStream(true);
  await createScreen(stream, { NO_COLOR: '1' }, () => 0).step(
    'Chart',
    () => Promise.resolve(),
    () => 'done',
  );
  expect(stream.text()).toBe('\r\x1b[2K… Chart  0.0 s\r\x1b[2K✓ Chart             done (0.0 s)\n');
});

test('a frame is drawn over the last one, and can be cleared', () => {
  const stream = createStream(true);
  const screen = createScreen(stream, {});
  screen.frame(['a', 'b']);
  screen.frame(['c']);
  screen.clearFrame();
  screen.clearFrame();
  expect(stream.text()).toBe('a\x1b[K\nb\x1b[K\n\x1b[J\x1b[2A\rc\x1b[K\n\x1b[J\x1b[1A\r\x1b[J');
});

test('what is no terminal gets no frame and no escape sequence', () => {
  const stream = createStream(false);
  const screen = createScreen(stream, {});
  screen.frame(['a']);
  screen.clearFrame();
  screen.line(screen.paint('good', 'text'));
  expect(stream.text()).toBe('text\n');
});

test('a closed screen writes nothing, whatever still runs', async () => {
  const stream = createStream(true);
  const screen = createScreen(stream, {});
  screen.close();
  screen.line('text');
  screen.frame(['a']);
  await screen.step(
    'Chart',
    () => Promise.resolve(),
    () => 'done',
  );
  expect(stream.text()).toBe('');
});
