import { expect, test } from 'vitest';
import { createObjectSeries, type ObjectSeries } from '../../src/telemetry/object-series.ts';

async function lines(series: ObjectSeries): Promise<string[]> {
  let text = '';
  for await (const chunk of series.render()) text += chunk;
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const healthy = { up: true, state: 'Available', consecutiveFailures: 0 } as const;
const object = { namespace: 'team-a', name: 'github' };

test('the series of an object go with the object', async () => {
  const series = createObjectSeries();
  series.observe(object, healthy);
  series.observe({ ...object, name: 'other' }, healthy);
  series.forget(object);
  const left = await lines(series);
  expect(left.length).toBeGreaterThan(0);
  expect(left.join()).not.toContain('github');
  series.forget(object);
});

test('an object that is re-created starts its counters from nothing, and a late event does not bring it back', async () => {
  const series = createObjectSeries();
  series.observe(object, healthy);
  series.capabilitiesChanged(object);
  series.forget(object);
  series.capabilitiesChanged(object);
  expect(await lines(series)).toEqual([]);
  series.observe(object, healthy);
  expect(await lines(series)).toContain('mcpserver_operator_capabilities_changed_total{namespace="team-a",name="github"} 0');
});

test('an object has exactly one state, the last one', async () => {
  const series = createObjectSeries();
  series.observe(object, healthy);
  series.observe(object, { up: false, state: 'Denied', consecutiveFailures: 2 });
  const states = (await lines(series)).filter((line) => line.startsWith('mcpserver_operator_state'));
  expect(states).toEqual(['mcpserver_operator_state{namespace="team-a",name="github",state="Denied"} 1']);
});

test('what is not known has no series: no last success, no tools', async () => {
  const series = createObjectSeries();
  series.observe(object, healthy);
  expect((await lines(series)).filter((line) => /tools|last_success/.test(line))).toEqual([]);
  series.observe(object, { ...healthy, tools: 0 });
  expect(await lines(series)).toContain('mcpserver_operator_tools{namespace="team-a",name="github"} 0');
});

test('every family is announced once and its lines stand together, also when it is larger than a batch', async () => {
  const series = createObjectSeries();
  for (let i = 0; i < 4500; i += 1) series.observe({ namespace: 'n', name: `s${i}` }, healthy);
  let text = '';
  let chunks = 0;
  for await (const chunk of series.render()) {
    text += chunk;
    chunks += 1;
    expect(chunk.length).toBeLessThan(512 * 1024);
  }
  expect(chunks).toBeGreaterThan(6);
  expect(text.match(/^# TYPE mcpserver_operator_up gauge$/gm)).toHaveLength(1);
  const families = text
    .split('\n')
    .filter((l) => l !== '' && !l.startsWith('#'))
    .map((l) => l.slice(0, l.indexOf('{')));
  expect(families.filter((family, i) => family !== families[i - 1])).toHaveLength(new Set(families).size);
  expect(families.filter((family) => family === 'mcpserver_operator_up')).toHaveLength(4500);
});

test('a label value is escaped', async () => {
  const series = createObjectSeries();
  series.observe({ namespace: 'a"b\\c\nd', name: 'x' }, healthy);
  expect((await lines(series))[0]).toBe('mcpserver_operator_up{namespace="a\\"b\\\\c\\nd",name="x"} 1');
});
