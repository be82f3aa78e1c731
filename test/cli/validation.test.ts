import { describe, expect, test } from 'vitest';
import { validateManifests } from '../../src/cli/validation.ts';

const SERVER = `apiVersion: mcpserver-operator.dev/v1alpha1
kind: MCPServer
metadata:
  name: tickets
spec:
  url: https://mcp.example.com/mcp
`;
const validate = (...contents: string[]) =>
  validateManifests(contents.map((text, i) => ({ file: `f${i}.yaml`, contents: text })));
const lines = (...contents: string[]) =>
  validate(...contents).faults.map(({ file, line, column, path, message }) => `${file}:${line}:${column}: ${path}: ${message}`);

test('documents of several files are looked at, other kinds are counted', () => {
  const found = validate(
    `${SERVER}---\nkind: Secret\napiVersion: v1\n---\n${SERVER.replace('tickets', 'b')}`,
    'kind: ConfigMap\napiVersion: v1\n',
  );
  expect(found).toEqual({ checked: 2, ignored: 2, faults: [] });
});

test('a fault names file, line and column of the field, in the order of the lines', () => {
  const broken = SERVER.replace('https:', 'ftp:').replace('spec:', 'spec:\n  transprot: SSE\n  probe: {timeoutSeconds: 0}');
  expect(lines(SERVER, `# a comment\n---\n${broken}`)).toEqual([
    'f1.yaml:8:3: spec.transprot: unknown field; did you mean transport?',
    'f1.yaml:9:27: spec.probe.timeoutSeconds: must be at least 1',
  ]);
});

test('a rule between fields is told at the field that it names, or the nearest one above', () => {
  expect(lines(`${SERVER}  serviceRef: {name: a, port: 80}\n  drift: {policy: Require}\n`)).toEqual([
    'f0.yaml:5:1: spec: exactly one of url and serviceRef must be set',
    'f0.yaml:8:3: spec.drift.digest: policy Require needs a digest',
  ]);
});

test('items of a List are looked at, each with its own place', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { kind: 'Secret', apiVersion: 'v1' },
      { apiVersion: 'mcpserver-operator.dev/v1alpha1', kind: 'MCPServer', metadata: { name: 'x' }, spec: {} },
    ],
  };
  const found = validate(JSON.stringify(list, undefined, 1));
  expect(found).toMatchObject({ checked: 1, ignored: 1, faults: [{ object: 'x', path: 'items[1].spec', line: 15 }] });
});

describe('what is meant to be an MCPServer and is none', () => {
  test.each([
    ['another version', SERVER.replace('v1alpha1', 'v1'), 'f0.yaml:1:13: apiVersion: must be mcpserver-operator.dev/v1alpha1'],
    [
      'another kind of the group',
      SERVER.replace('MCPServer', 'McpServer'),
      'f0.yaml:2:7: kind: must be MCPServer, the only kind of mcpserver-operator.dev/v1alpha1',
    ],
    [
      'a group misspelt',
      SERVER.replace('operator.dev', 'operater.dev'),
      'f0.yaml:1:13: apiVersion: must be mcpserver-operator.dev/v1alpha1',
    ],
    ['no apiVersion', SERVER.replace(/^.*\n/, ''), 'f0.yaml:1:1: apiVersion: must be mcpserver-operator.dev/v1alpha1'],
  ])('%s is a fault', (_title, contents, fault) => {
    expect(lines(contents)).toEqual([fault]);
  });

  test('an MCPServer of another operator is none of ours', () => {
    expect(validate(SERVER.replace('mcpserver-operator.dev', 'toolhive.example.com'))).toEqual({
      checked: 0,
      ignored: 1,
      faults: [],
    });
  });

  test('a text or a list is no object', () => {
    expect(lines('just words', '- a\n')).toEqual([
      'f0.yaml:1:1: undefined: must be an object with apiVersion and kind',
      'f1.yaml:1:1: undefined: must be an object with apiVersion and kind',
    ]);
  });
});

test('a name that stands twice in one file is a fault, in two files it may be two overlays', () => {
  expect(lines(`${SERVER}---\n${SERVER}`)).toEqual([
    'f0.yaml:11:9: metadata.name: an MCPServer of this name and namespace stands at line 1 already',
  ]);
  expect(lines(SERVER, SERVER)).toEqual([]);
  expect(lines(`${SERVER}---\n${SERVER.replace('name: tickets', 'name: tickets\n  namespace: b')}`)).toEqual([]);
});

test('E5: no fault repeats a value of a file', () => {
  const found = validate(
    SERVER.replace('https://', 'https://u:CANARY@'),
    `${SERVER}  headers: [{name: Authorization, value: CANARY}]\n  transport: CANARY\n  auth: {type: CANARY}\n`,
    SERVER.replace('tickets', 'CANARY!'),
    'a: "CANARY\n- [',
  );
  expect(found.faults.length).toBeGreaterThanOrEqual(5);
  expect(JSON.stringify(found)).not.toContain('CANARY');
});
