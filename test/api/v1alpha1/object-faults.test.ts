import { describe, expect, it } from 'vitest';
import { MAX_FAULTS, renderFieldPath } from '../../../src/api/v1alpha1/field-faults.ts';
import { API_VERSION, KIND } from '../../../src/api/v1alpha1/group.ts';
import { parseSpec } from '../../../src/api/v1alpha1/mcpserver.ts';
import { findObjectFaults } from '../../../src/api/v1alpha1/object-faults.ts';
import { RULES } from '../../../src/api/v1alpha1/rules.ts';
import { ALLOWED, REFUSED, specWith } from './spec-vectors.ts';

const objectOf = (spec: unknown) => ({ apiVersion: API_VERSION, kind: KIND, metadata: { name: 'a' }, spec });
const faultsOf = (spec: unknown) =>
  // As a file would hold it: JSON has no undefined.
  findObjectFaults(JSON.parse(JSON.stringify(objectOf(spec)))).map(({ path, message }) => ({
    path: renderFieldPath(path),
    message,
  }));

describe('the faults of an object agree with the runtime and the CRD', () => {
  it.each(ALLOWED)('there is none with $title', ({ spec }) => {
    expect(faultsOf(spec)).toEqual([]);
  });

  it.each(REFUSED)('$title is one, at its field', ({ spec, field, byRule, says }) => {
    const faults = faultsOf(spec);
    expect(faults.map(({ path }) => path.slice(0, field.length))).toContain(field);
    if (byRule) expect(faults.map(({ message }) => message).join('\n')).toContain(says);
    expect(parseSpec(spec).kind).toBe('invalid');
  });

  it('E5: and none repeats a value', () => {
    for (const { spec } of REFUSED) expect(JSON.stringify(faultsOf(spec))).not.toContain('canary');
  });
});

describe('the faults of an object', () => {
  it('are told all at once: fields, and every rule that is broken', () => {
    const headers = [
      { name: 'Host', value: 'a' },
      { name: 'X-Token', value: 'a' },
    ];
    expect(faultsOf({ headers, probe: { timeoutSeconds: 100 }, unknown: 1 }).map(({ path }) => path)).toEqual([
      'spec.unknown',
      'spec',
      'spec.headers[0].name',
      'spec.headers[1].value',
      'spec.probe.deadlineSeconds',
    ]);
  });

  it('leave rules alone where a type or bound is broken already, as the API server does', () => {
    expect(faultsOf({ probe: { timeoutSeconds: 'x' } })).toEqual([
      { path: 'spec.probe.timeoutSeconds', message: 'must be a whole number' },
    ]);
  });

  it('hold fields that nobody knows, at any depth, with the nearest name', () => {
    const object = {
      ...objectOf(specWith({ probe: { timeoutSecond: 5 }, tls: { serverName: 'a', x: 1 } })),
      sepc: {},
      metadata: { name: 'a', lables: {} },
    };
    expect(findObjectFaults(object).map(({ path, at, message }) => [renderFieldPath(path), at, message])).toEqual([
      ['sepc', 'key', 'unknown field; did you mean spec?'],
      ['metadata.lables', 'key', 'unknown field; did you mean labels?'],
      ['spec.probe.timeoutSecond', 'key', 'unknown field; did you mean timeoutSeconds?'],
      ['spec.tls.x', 'key', 'unknown field'],
    ]);
  });

  it.each([undefined, null])('say that a spec is needed when it is %s', (spec) => {
    expect(findObjectFaults(objectOf(spec))).toEqual([{ path: ['spec'], at: 'key', message: 'must be set' }]);
  });

  it('do not hold what is null: the API server drops it', () => {
    expect(faultsOf({ url: 'http://a', auth: null, tls: { caBundleRef: null }, serviceRef: null })).toEqual([]);
  });

  it('do not hold a status, which the API server drops', () => {
    expect(findObjectFaults({ ...objectOf({ url: 'http://a' }), status: { state: 'Nonsense' } })).toEqual([]);
  });

  it('are bounded', () => {
    const spec = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, 1]));
    expect(faultsOf(spec)).toHaveLength(MAX_FAULTS);
  });

  it('know every rule: each message of the table is met by a vector', () => {
    const met = new Set(REFUSED.flatMap(({ spec }) => faultsOf(spec).map(({ message }) => message)));
    const all = Object.values(RULES).flat();
    expect(all.filter(({ message }) => !met.has(message))).toEqual([]);
  });
});
