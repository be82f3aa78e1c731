import { expect, test } from 'vitest';
import { versionVerb } from '../../src/cli/version.ts';
import { createFakeTerminal } from './fake-terminal.ts';

function version(...args: string[]) {
  const terminal = createFakeTerminal();
  const code = versionVerb(args, terminal);
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}

test('it tells program, API, Node and platform in one line', () => {
  expect(version().stdout).toMatch(
    /^mcpserver-operator dev \(mcpserver-operator\.dev\/v1alpha1, Node \d+\.\d+\.\d+, \w+\/\w+\)\n$/,
  );
});

test('and as JSON', () => {
  expect(JSON.parse(version('-o', 'json').stdout)).toEqual({
    version: 'dev',
    apiVersion: 'mcpserver-operator.dev/v1alpha1',
    node: process.versions.node,
    platform: `${process.platform}/${process.arch}`,
  });
});

test('another form is refused in one line', () => {
  expect(version('-o', 'xml')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'mcpserver-operator version: --output "xml": expected one of text, json\n',
  });
});
