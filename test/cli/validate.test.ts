import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { validateVerb } from '../../src/cli/validate.ts';
import { createFakeTerminal } from './fake-terminal.ts';

const GOOD = '{apiVersion: mcpserver-operator.dev/v1alpha1, kind: MCPServer, metadata: {name: a}, spec: {url: "http://a"}}\n';
const BAD = GOOD.replace('url:', 'uri:');

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'validate-'));
  await writeFile(path.join(directory, 'good.yaml'), GOOD);
  await writeFile(path.join(directory, 'bad.yaml'), BAD);
});
afterAll(() => rm(directory, { recursive: true }));
const file = (name: string) => path.join(directory, name);

async function validate(args: string[], stdin = '') {
  const terminal = createFakeTerminal();
  async function* input() {
    yield stdin;
  }
  const code = await validateVerb(args, terminal, input());
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('0: valid manifests say nothing on standard output', async () => {
  expect(await validate([file('good.yaml')])).toEqual({ code: 0, stdout: '', stderr: '1 MCPServer checked: 0 faults\n' });
  expect(await validate(['-'], `${GOOD}---\n{apiVersion: v1, kind: Secret}`)).toEqual({
    code: 0,
    stdout: '',
    stderr: '1 MCPServer checked, 1 other object ignored: 0 faults\n',
  });
});

test('1: faults come as compilers write them, so that editors find the place', async () => {
  const bad = file('bad.yaml');
  expect(await validate([bad, file('good.yaml')])).toEqual({
    code: 1,
    stdout: `${bad}:1:85: spec: exactly one of url and serviceRef must be set\n${bad}:1:92: spec.uri: unknown field; did you mean url?\n`,
    stderr: '2 MCPServers checked: 2 faults\n',
  });
});

test('1: a file that can not be read is told, and the others are looked at all the same', async () => {
  const { code, stderr } = await validate([file('none.yaml'), file('good.yaml')]);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `mcpserver-operator validate: ${file('none.yaml')} can not be read (ENOENT: there is no such file)\n1 MCPServer checked, 1 file not read: 0 faults\n`,
  );
});

test('-o json is one object for scripts', async () => {
  const { code, stdout, stderr } = await validate(['-o', 'json', file('bad.yaml'), file('none.yaml')]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    valid: false,
    files: 2,
    checked: 1,
    ignored: 0,
    faults: [
      expect.objectContaining({ file: file('bad.yaml'), line: 1, column: 85, object: 'a', path: 'spec' }),
      { file: file('bad.yaml'), line: 1, column: 92, object: 'a', path: 'spec.uri', message: 'unknown field; did you mean url?' },
    ],
    unreadable: [expect.stringContaining('none.yaml can not be read')],
  });
});

test('faults are bounded, however many there are', async () => {
  const { stdout, stderr } = await validate(
    ['-'],
    Array.from({ length: 700 }, (_, i) => BAD.replace('name: a', `name: a${i}`)).join('---\n'),
  );
  expect(stdout.split('\n')).toHaveLength(1001);
  expect(stderr).toBe('700 MCPServers checked: 1000 faults or more\n');
});

test.each([
  [[], 'a FILE is needed; - is standard input'],
  [['-', '-'], '- (standard input) can be read once'],
  [['-o', 'xml', 'a'], '--output "xml": expected one of text, json'],
  [['--strict', 'a'], 'unknown flag --strict; see mcpserver-operator validate --help'],
])('bad input %j is one line and exit code 1', async (args, fault) => {
  expect(await validate(args)).toEqual({ code: 1, stdout: '', stderr: `mcpserver-operator validate: ${fault}\n` });
});
