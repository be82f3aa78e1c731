import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/probe/conversation.ts';
import { LIMITS } from '../../src/probe/limits.ts';
import { readAdvertised, readLists } from '../../src/probe/lists.ts';
import { createSanitizer } from '../../src/probe/sanitize.ts';

const tool = (name: string) => ({ name, inputSchema: {} });

/** Reads `tools/list` from a function of the cursor; tells how many pages were asked for. */
async function read(page: (cursor: string | undefined, count: number) => Record<string, unknown> | Answer) {
  let pages = 0;
  const cursors: unknown[] = [];
  const outcome = await readLists(
    async (_method, params) => {
      pages += 1;
      const cursor = params['cursor'];
      cursors.push(cursor);
      const answer = page(typeof cursor === 'string' ? cursor : undefined, pages);
      return 'kind' in answer && (answer['kind'] === 'failed' || answer['kind'] === 'aborted')
        ? (answer as Answer)
        : { kind: 'result', result: answer };
    },
    readAdvertised({ tools: {} }, createSanitizer([])),
    createSanitizer([]),
  );
  const fact = outcome.kind === 'failed' ? outcome.trouble.fact : undefined;
  const list = outcome.kind === 'read' ? outcome.snapshot.tools : undefined;
  return { outcome, pages, cursors, fact, list };
}

describe('expected tools', () => {
  const missingOf = async (offered: readonly unknown[], expected: readonly string[], secrets: readonly string[] = []) => {
    const answers: Answer[] = offered.map((name, index) => ({
      kind: 'result',
      result: { tools: [{ name, inputSchema: {} }], ...(index < offered.length - 1 ? { nextCursor: `${index}` } : {}) },
    }));
    const sanitize = createSanitizer(secrets);
    const read = await readLists(
      async () => answers.shift() ?? { kind: 'aborted' },
      readAdvertised({ tools: {} }, sanitize),
      sanitize,
      expected,
    );
    return read.kind === 'read'
      ? { missing: read.missingTools, shown: read.snapshot.tools?.items.map(({ name }) => name) }
      : read;
  };

  it('A13: are found on any page, and those that are not are told in the order of the spec', async () => {
    expect(await missingOf(['a', 'b', 'c'], ['c', 'y', 'a', 'x'])).toMatchObject({ missing: ['y', 'x'] });
    expect(await missingOf(['a'], [])).toMatchObject({ missing: [] });
  });

  it.each([
    ['an invisible character', 'pay\u200bment', 'payment'],
    ['a form of Unicode that is not composed', 'cafe\u0301', 'caf\u00e9'],
    ['what a cut leaves', 'x'.repeat(600), 'x'.repeat(512)],
  ])('are compared as they are offered: %s makes another name, whatever is shown', async (_what, offered, shown) => {
    expect(await missingOf([offered], [shown, offered])).toEqual({ missing: [shown], shown: [shown] });
  });

  it('are found though what is shown of them is redacted, and nothing that is redacted is expected', async () => {
    const found = await missingOf(['deploy-canary-0123'], ['deploy-canary-0123', 'deploy-[redacted]'], ['canary-0123']);
    expect(found).toEqual({ missing: ['deploy-[redacted]'], shown: ['deploy-[redacted]'] });
  });

  it('are not offered by items that are malformed', async () => {
    expect(await missingOf([{ toString: 1 }, 7], ['7'])).toMatchObject({ missing: ['7'] });
  });
});

describe('paging', () => {
  it('follows cursors, an empty one too, and sends each back as it came', async () => {
    const { list, cursors } = await read((_cursor, count) => ({
      tools: [tool(`t${count}`)],
      ...(count < 3 ? { nextCursor: ['', ' ä"'][count - 1] } : {}),
    }));
    expect(list?.items.map(({ name }) => name)).toEqual(['t1', 't2', 't3']);
    expect(cursors).toEqual([undefined, '', ' ä"']);
  });

  it('takes a cursor of null as none, and any other type as malformed', async () => {
    expect((await read(() => ({ tools: [], nextCursor: null }))).pages).toBe(1);
    expect((await read(() => ({ tools: [], nextCursor: 7 }))).fact).toMatchObject({ problem: 'schema' });
  });

  it('a cursor of 16 KiB is sent back, one character more is too large', async () => {
    const paged = (nextCursor: string) => read((_cursor, count) => ({ tools: [], ...(count === 1 ? { nextCursor } : {}) }));
    expect((await paged('x'.repeat(LIMITS.cursorChars))).pages).toBe(2);
    expect((await paged('x'.repeat(LIMITS.cursorChars + 1))).fact).toMatchObject({ kind: 'limit', limit: 'cursor' });
  });

  it('64 pages are read, a 65th is too much', async () => {
    const upTo = (last: number) =>
      read((_cursor, count) => ({ tools: [], ...(count < last ? { nextCursor: `c${count}` } : {}) }));
    expect(await upTo(LIMITS.pages)).toMatchObject({ pages: 64, outcome: { kind: 'read' } });
    expect(await upTo(LIMITS.pages + 1)).toMatchObject({ pages: 64, fact: { kind: 'limit', limit: 'pages' } });
  });

  it('a repeated cursor is a loop, even with pages between', async () => {
    const { pages, fact } = await read((_cursor, count) => ({ tools: [], nextCursor: `c${count % 3}` }));
    expect([pages, fact]).toMatchObject([4, { problem: 'paginationLoop' }]);
  });

  it('10,000 items are read, one more is too many', async () => {
    const page = Array.from({ length: 5_000 }, (_, index) => tool(`t${index}`));
    const full = await read((_cursor, count) => ({ tools: page, ...(count < 2 ? { nextCursor: 'more' } : {}) }));
    expect(full.list?.items.length).toBe(10_000);
    const over = await read((_cursor, count) => ({
      tools: count < 3 ? page : [tool('x')],
      ...(count < 3 ? { nextCursor: `c${count}` } : {}),
    }));
    expect(over.fact).toMatchObject({ kind: 'limit', limit: 'items' });
  });
});

describe('answers', () => {
  it('a result without its list is malformed', async () => {
    expect((await read(() => ({}))).fact).toMatchObject({ problem: 'schema' });
    expect((await read(() => ({ tools: {} }))).fact).toMatchObject({ problem: 'schema' });
  });

  it('input_required is a fact of its own', async () => {
    expect((await read(() => ({ resultType: 'input_required' }))).fact).toMatchObject({ problem: 'inputRequired' });
  });

  it('a refusal says that the list was advertised', async () => {
    const refusal: Answer = {
      kind: 'failed',
      trouble: {
        method: 'tools/list',
        sessionSent: false,
        fact: { kind: 'rpcError', stage: 'rpc', rpc: { rpcCode: -32601, mark: 'none' } },
      },
    };
    expect((await read(() => refusal)).outcome).toMatchObject({ trouble: { advertised: true, method: 'tools/list' } });
  });

  it('an abort between pages ends the reading', async () => {
    const { outcome } = await read((_cursor, count) => (count === 1 ? { tools: [], nextCursor: 'x' } : { kind: 'aborted' }));
    expect(outcome.kind).toBe('aborted');
  });
});
