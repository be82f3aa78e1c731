/**
 * `validate` and a real API server judge the same manifests, read by kubectl with strict validation: whoever passes the one passes the
 * other. It covers what kubectl makes of YAML, unknown fields, metadata, schema and rules.
 */
import { beforeAll, expect, test } from 'vitest';
import { validateManifests } from '../../src/cli/validation.ts';
import { REFUSED } from '../api/v1alpha1/spec-vectors.ts';
import { controlPlane, createNamespace } from './control-plane.ts';
import { installCRDs } from './kube-client.ts';

let namespace = '';
beforeAll(async () => {
  await installCRDs(controlPlane);
  namespace = await createNamespace('validate');
});

const manifest = (spec: string, metadata = 'name: a', rest = '') =>
  `apiVersion: mcpserver-operator.dev/v1alpha1\nkind: MCPServer\nmetadata: {${metadata}}\nspec: ${spec}\n${rest}`;

/** Whether kubectl and the API server take it; nothing is stored. */
async function isTaken(text: string): Promise<boolean> {
  const args = ['create', '--dry-run=server', '--validate=strict', '-n', namespace, '-f', '-'];
  const { code, stderr } = await controlPlane.kubectl(args, { input: text });
  if (code !== 0 && /connection refused|timed out/i.test(stderr)) throw new Error(stderr);
  return code === 0;
}
const isValid = (text: string) => validateManifests([{ file: 'a', contents: text }]).faults.length === 0;

const URL = 'url: "http://a"';
test.each([
  ['a plain one', manifest(`{${URL}}`), true],
  ['yes as a boolean', manifest(`{${URL}, suspend: yes}`), true],
  ['on as a text', manifest(`{${URL}, expect: {tools: [on]}}`), false],
  ['y as a text', manifest(`{${URL}, expect: {tools: [y]}}`), undefined],
  ['on as a text in quotes', manifest(`{${URL}, expect: {tools: ["on"]}}`), true],
  ['an octal number', manifest(`{${URL}, probe: {timeoutSeconds: 010}}`), true],
  ['a number with an underscore', manifest(`{${URL}, probe: {periodSeconds: 1_0}}`), true],
  ['a whole number with a point', manifest(`{${URL}, probe: {timeoutSeconds: 5.0}}`), true],
  ['a broken number', manifest(`{${URL}, probe: {timeoutSeconds: 5.5}}`), false],
  ['a number in quotes', manifest(`{${URL}, probe: {timeoutSeconds: "5"}}`), false],
  ['sexagesimal digits as a text', manifest(`{${URL}, headers: [{name: X, value: 1:30}]}`), true],
  ['a time as a text', manifest(`{${URL}, headers: [{name: X, value: 2026-01-01}]}`), true],
  ['null for a field with a default', manifest(`{${URL}, auth: null, probe: }`), true],
  ['null for a field without a default', manifest(`{${URL}, serviceRef: null}`), true],
  ['null inside a list', manifest(`{${URL}, expect: {tools: [null]}}`), false],
  ['no spec', manifest('null'), false],
  ['an unknown field', manifest(`{${URL}, transprot: SSE}`), false],
  ['an unknown field below', manifest(`{${URL}, tls: {serverNmae: a}}`), false],
  ['an unknown field of the root', manifest(`{${URL}}`, 'name: a', 'sepc: {}'), false],
  ['an unknown field of metadata', manifest(`{${URL}}`, 'name: a, label: {}'), false],
  ['a number as an annotation', manifest(`{${URL}}`, 'name: a, annotations: {a: 1}'), false],
  ['a boolean as a label', manifest(`{${URL}}`, 'name: a, labels: {a: true}'), false],
  ['a label with a space', manifest(`{${URL}}`, 'name: a, labels: {a: "b c"}'), false],
  ['a label key with two slashes', manifest(`{${URL}}`, 'name: a, labels: {a/b/c: x}'), false],
  ['usual labels', manifest(`{${URL}}`, 'name: a, labels: {app.kubernetes.io/name: x, empty: ""}'), true],
  ['a name in capitals', manifest(`{${URL}}`, 'name: A'), false],
  ['a name with dots', manifest(`{${URL}}`, 'name: a.b'), true],
  ['no name', manifest(`{${URL}}`, 'labels: {}'), false],
  ['a generated name', manifest(`{${URL}}`, 'generateName: a-'), true],
  ['a status, which is dropped', manifest(`{${URL}}`, 'name: a', 'status: {state: Available}'), true],
  ['a merge key', `x: &x {a: 1}\n---\n${manifest(`{<<: {${URL}}, suspend: true}`)}`.split('---\n')[1] ?? '', true],
  ['another version', manifest(`{${URL}}`).replace('v1alpha1', 'v1'), false],
  ['broken YAML', manifest(`{${URL}`), false],
])('%s', async (_title, text, expected) => {
  const taken = await isTaken(text);
  expect(isValid(text)).toBe(taken);
  if (expected !== undefined) expect(taken).toBe(expected);
});

test('a field that stands there twice is refused here alone: kubectl takes the last one without a word', async () => {
  const text = manifest(`{${URL}, ${URL}}`);
  expect([isValid(text), await isTaken(text)]).toEqual([false, true]);
});

test('every spec that the API server refuses is refused', () => {
  for (const { title, spec } of REFUSED) expect(isValid(manifest(JSON.stringify(spec))), title).toBe(false);
});
