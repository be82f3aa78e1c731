import { expect, test } from 'vitest';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import { callInTurn } from '../../../src/cli/call/fail-over.ts';
import type { ProbeReport, ProbeRequest } from '../../../src/probe/ports.ts';
import { createSanitizer } from '../../../src/probe/sanitize.ts';

const report = (verdict: ProbeReport['verdict'], more: Partial<ProbeReport> = {}): ProbeReport => ({
  outcome: { kind: 'undecided' },
  verdict,
  attempts: 1,
  durationMs: 1,
  stageMs: {},
  ...more,
});
const candidate = (name: string) => ({
  namespace: 'team',
  name,
  spec: MCPServerSpec.parse({ url: 'http://a' }),
  status: undefined,
});
const CALL = { method: 'tools/call', params: { name: 'echo' } } as const;

async function run(
  names: string[],
  probe: (request: ProbeRequest) => Promise<ProbeReport>,
  signal = new AbortController().signal,
) {
  const asked: ProbeRequest[] = [];
  const prober = {
    probe(request: ProbeRequest) {
      asked.push(request);
      return probe(request);
    },
  };
  return { asked, ended: await callInTurn({ prober, id: () => 'id', timeoutMs: 1_500 }, names.map(candidate), CALL, signal) };
}

test('C7: what kept a server from answering is told in the words of its verdict, or as unknown', async () => {
  const reports: Record<string, ProbeReport> = {
    a: report({ kind: 'none', why: 'undecided' }, { forbidden: { kind: 'Secret', name: 's' } }),
    b: report({ kind: 'none', why: 'undecided' }),
  };
  const { ended } = await run(['a', 'b'], async ({ name }) => reports[name] ?? report({ kind: 'none', why: 'aborted' }));
  expect(ended).toEqual({
    answer: undefined,
    reached: [],
    attempts: [
      { server: 'team/a', success: false, stage: 'credentials', error: 'SecretForbidden', category: 'Unknown' },
      { server: 'team/b', success: false, stage: 'credentials', error: 'NothingLearned', category: 'Unknown' },
    ],
  });
});

test('the first answer ends it, and the time of one server is that of the flag', async () => {
  const { asked, ended } = await run(['a', 'b'], async ({ errand }) => {
    const answer = { kind: 'result', result: { content: [] } } as const;
    await errand?.(async () => answer, { features: [], lists: new Set() }, createSanitizer([]));
    return report({ kind: 'none', why: 'undecided' });
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.spec).toMatchObject({ probe: { timeoutSeconds: 2, deadlineSeconds: 2 }, retry: { attempts: 1 } });
  expect(ended.attempts).toEqual([{ server: 'team/a', success: true, stage: '', error: '', category: '' }]);
});

test('after a signal nobody else is asked', async () => {
  const controller = new AbortController();
  const { asked, ended } = await run(
    ['a', 'b'],
    async () => {
      controller.abort();
      return report({ kind: 'none', why: 'aborted' });
    },
    controller.signal,
  );
  expect(asked).toHaveLength(1);
  expect(ended.attempts).toEqual([expect.objectContaining({ error: 'Interrupted' })]);
});
