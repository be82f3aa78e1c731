import { expect, test } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createFakeClock } from '../platform/fake-clock.ts';

function lines() {
  const written: string[] = [];
  return { written, sink: { write: (line: string) => void written.push(line) } };
}

test('a line is one JSON object with time, level as text, message and fields, and nothing else', () => {
  const { written, sink } = lines();
  const log = createLogger({ clock: createFakeClock(), sink }, { level: 'info', format: 'json' });
  log.info({ namespace: 'team-a', name: 'github', durationMs: 12 }, 'became available');
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/\n$/);
  expect(JSON.parse(written[0] ?? '')).toEqual({
    ts: '2026-01-01T00:00:00.000Z',
    level: 'info',
    msg: 'became available',
    namespace: 'team-a',
    name: 'github',
    durationMs: 12,
  });
});

test('lines below the level are not written and cost next to nothing', () => {
  const { written, sink } = lines();
  const log = createLogger({ clock: createFakeClock(), sink }, { level: 'warn', format: 'json' });
  const touched = {
    get name() {
      throw new Error('looked at');
    },
  };
  log.debug(touched, 'a');
  log.info(touched, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  expect(written.map((line) => JSON.parse(line).level)).toEqual(['warn', 'error']);
});

test('E5: a secret does not reach the log at any level, in either format', () => {
  for (const format of ['json', 'pretty'] as const) {
    const { written, sink } = lines();
    const log = createLogger({ clock: createFakeClock(), sink }, { level: 'debug', format });
    log.debug({ token: 'canary-1' }, 'a');
    log.info({ headers: { Authorization: 'Bearer canary-2' } }, 'b');
    log.warn({ url: 'http://u:canary-3@h/p?k=canary-4' }, 'c');
    log.error({ credential: { value: 'canary-5' } }, 'd');
    expect(written).toHaveLength(4);
    expect(written.join('')).not.toContain('canary');
  }
});

test('a pretty line is for people: time, level, name, message, fields, and colour only when asked', () => {
  const { written, sink } = lines();
  const fields = { namespace: 'team-a', name: 'github' };
  createLogger({ clock: createFakeClock(), sink }, { level: 'info', format: 'pretty' }).info(fields, 'became available');
  createLogger({ clock: createFakeClock(), sink }, { level: 'info', format: 'pretty', color: true }).info(
    fields,
    'became available',
  );
  expect(written[0]).toBe('[00:00:00.000] INFO (github): became available {"namespace":"team-a"}\n');
  expect(written[1]).toContain('\u001b[');
});
