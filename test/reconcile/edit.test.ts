import { describe, expect, it } from 'vitest';
import { compareSpecs } from '../../src/reconcile/edit.ts';
import { specOf } from './samples.ts';

describe('compareSpecs', () => {
  const vectors: readonly { readonly change: string; readonly spec: Record<string, unknown>; readonly edit: string }[] = [
    { change: 'nothing', spec: {}, edit: 'cosmetic' },
    { change: 'expected tools', spec: { expect: { tools: ['a'] } }, edit: 'cosmetic' },
    { change: 'drift policy', spec: { drift: { digest: `sha256:${'0'.repeat(64)}` } }, edit: 'cosmetic' },
    { change: 'suspend', spec: { suspend: true }, edit: 'cosmetic' },
    { change: 'a time-out', spec: { probe: { timeoutSeconds: 5 } }, edit: 'settings' },
    { change: 'retry', spec: { retry: { attempts: 1 } }, edit: 'settings' },
    { change: 'transport', spec: { transport: 'StreamableHTTP' }, edit: 'settings' },
    { change: 'url', spec: { url: 'http://127.0.0.1:10/mcp' }, edit: 'target' },
    { change: 'identity', spec: { auth: { type: 'Bearer', bearer: { secretKeyRef: { name: 's', key: 'k' } } } }, edit: 'target' },
    { change: 'a header', spec: { headers: [{ name: 'x-tenant', value: 'a' }] }, edit: 'target' },
  ];
  for (const { change, spec, edit } of vectors) {
    it(`B9: ${change} is an edit of ${edit}`, () => expect(compareSpecs(specOf(), specOf(spec))).toBe(edit));
  }
});
