import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../src/api/v1alpha1/mcpserver.ts';
import { RESERVED_HEADERS, RULES } from '../../../src/api/v1alpha1/rules.ts';
import { REFUSED, specWith } from './spec-vectors.ts';

const rows = Object.values(RULES).flat();
const refusedByRule = REFUSED.filter((refused) => refused.byRule);

describe('the rules', () => {
  it.each(refusedByRule)('refuse $title, saying what is allowed', ({ spec, field, says }) => {
    expect(parseSpec(spec)).toEqual({ kind: 'invalid', path: field, message: expect.stringContaining(says) });
  });

  it('each have a vector that breaks them', () => {
    const broken = new Set(
      refusedByRule.map(({ spec }) => parseSpec(spec)).map((parsed) => (parsed.kind === 'invalid' ? parsed.message : '')),
    );
    expect(rows.map(({ message }) => message).filter((message) => !broken.has(message))).toEqual([]);
  });

  it('have messages of one line that say what is allowed, at most 512 characters', () => {
    for (const { message } of rows) expect(message).toMatch(/^[^\n]{1,512}$/);
  });

  it.each(RESERVED_HEADERS)('refuse the header %s in any case', (name) => {
    const headers = [{ name: name.toUpperCase(), value: 'a' }];
    expect(parseSpec(specWith({ headers }))).toMatchObject({ kind: 'invalid', path: 'spec.headers[0].name' });
  });
});
