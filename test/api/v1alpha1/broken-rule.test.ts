import { expect, it } from 'vitest';
import { findBrokenRule, findBrokenRules, RULED_PATHS } from '../../../src/api/v1alpha1/broken-rule.ts';
import { RULES } from '../../../src/api/v1alpha1/rules.ts';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';

it('every place that has rules is walked', () => {
  expect([...RULED_PATHS].sort()).toEqual(Object.keys(RULES).sort());
});

it('a spec that keeps all rules has none that is broken', () => {
  expect(findBrokenRule(MCPServerSpec.parse({ url: 'http://a/mcp' }))).toBeUndefined();
});

it('the place of a broken rule tells the index of the header and the child field', () => {
  const headers = [
    { name: 'X-Team', value: 'a' },
    { name: 'X-Token', value: 'canary' },
  ];
  const broken = findBrokenRule(MCPServerSpec.parse({ url: 'http://a/mcp', headers }));
  expect(broken?.path).toBe('spec.headers[1].value');
  expect(JSON.stringify(broken)).not.toContain('canary');
});

it('the first of several broken rules is told', () => {
  const spec = MCPServerSpec.parse({ headers: [{ name: 'Host', value: 'a' }], probe: { timeoutSeconds: 100 } });
  expect(findBrokenRule(spec)?.path).toBe('spec');
});

it('all broken rules are told, in the order of the places', () => {
  const spec = MCPServerSpec.parse({ headers: [{ name: 'Host', value: 'a' }], probe: { timeoutSeconds: 100 } });
  expect(findBrokenRules(spec).map(({ path }) => path)).toEqual(['spec', 'spec.headers[0].name', 'spec.probe.deadlineSeconds']);
});
