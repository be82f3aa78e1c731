import { describe, expect, it } from 'vitest';
import { makeCRD } from '../../../src/api/v1alpha1/crd.ts';
import { parseSpec } from '../../../src/api/v1alpha1/mcpserver.ts';
import { DEFAULT_TIMEOUT_SECONDS, MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import { ALLOWED, REFUSED } from './spec-vectors.ts';

describe('the spec', () => {
  it.each(ALLOWED)('takes $title', ({ spec }) => {
    expect(parseSpec(spec)).toMatchObject({ kind: 'valid' });
  });

  it.each(REFUSED.filter((refused) => !refused.byRule))('refuses $title at its field', ({ spec, field }) => {
    expect(parseSpec(spec)).toEqual({ kind: 'invalid', path: field });
  });

  it('has no reference to another namespace', () => {
    const { spec } = makeCRD();
    const schema = spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'];
    const text = JSON.stringify(schema);
    expect(text).toContain('"secretKeyRef"');
    expect(text).not.toContain('"namespace":');
    const bearer = { secretKeyRef: { name: 'a', key: 'b', namespace: 'other' } };
    // What an API server did not drop, the operator does not read.
    const parsed = parseSpec({ url: 'http://a', auth: { type: 'Bearer', bearer } });
    expect(JSON.stringify(parsed)).toContain('"name":"a"');
    expect(JSON.stringify(parsed)).not.toContain('other');
  });

  it('fills in every default', () => {
    expect(MCPServerSpec.parse({ url: 'http://a' })).toEqual({
      url: 'http://a',
      transport: 'Auto',
      protocol: 'Auto',
      auth: { type: 'None' },
      tls: { systemRoots: true, insecureSkipVerify: false },
      probe: {
        periodSeconds: 300,
        timeoutSeconds: 10,
        deadlineSeconds: 30,
        failureThreshold: 3,
        progressDeadlineSeconds: 600,
        recheckSeconds: 600,
      },
      retry: { attempts: 3, initialBackoffSeconds: 5, maxBackoffSeconds: 300 },
      drift: { policy: 'Report' },
      suspend: false,
    });
  });

  it('A1: the default time-out is one constant of 10 s in code and CRD', () => {
    const schema = makeCRD().spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec']?.properties?.['probe'];
    expect(DEFAULT_TIMEOUT_SECONDS).toBe(10);
    expect(schema?.properties?.['timeoutSeconds']?.default).toBe(DEFAULT_TIMEOUT_SECONDS);
    expect(schema?.default).toMatchObject({ timeoutSeconds: DEFAULT_TIMEOUT_SECONDS });
    expect(MCPServerSpec.parse({ url: 'http://a' }).probe.timeoutSeconds).toBe(DEFAULT_TIMEOUT_SECONDS);
  });

  it('A1: one field overrides the time-out, and 5 s is kept', () => {
    expect(MCPServerSpec.parse({ url: 'http://a', probe: { timeoutSeconds: 5 } }).probe.timeoutSeconds).toBe(5);
  });
});
