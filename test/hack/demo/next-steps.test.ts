import { expect, test } from 'vitest';
import { type NextStepsOptions, renderNextSteps } from '../../../hack/demo/next-steps.ts';
import { plain } from '../../../hack/demo/style.ts';

const OPTIONS: NextStepsOptions = {
  kubeconfig: '/tmp/c/admin.yaml',
  kubectl: undefined,
  metricsUrl: 'http://127.0.0.1:41000/metrics',
  operatorLog: '/tmp/c/operator.log',
  moves: {},
  paint: plain,
};
const render = (options: Partial<NextStepsOptions> = {}) => renderNextSteps({ ...OPTIONS, ...options });

test('the kubeconfig, the log and the metrics are where the commands say', () => {
  const lines = render();
  expect(lines).toContain('  export KUBECONFIG=/tmp/c/admin.yaml');
  expect(lines).toContain('  tail -f /tmp/c/operator.log');
  expect(lines).toContain('  curl -s http://127.0.0.1:41000/metrics | grep ^mcpserver_operator');
});

test('a kubectl that is not on the PATH gets an alias', () => {
  expect(render().filter((line) => line.includes('alias'))).toEqual([]);
  expect(render({ kubectl: '/cache/kubectl' })).toContain('  alias kubectl=/cache/kubectl');
});

test('every command is told in one line of words before it', () => {
  const lines = render();
  const commands = lines.flatMap((line, at) => (/^ {2}(kubectl|curl|tail) /.test(line) ? [lines[at - 1]] : []));
  expect(commands).toHaveLength(10);
  expect(commands.filter((line) => line?.startsWith('  # ') !== true)).toEqual([]);
});

test('a URL to correct a manifest with leads where the server really is', () => {
  const lines = render({ moves: { '127.0.20.1:8080': '127.0.0.1:4321' } });
  expect(lines.filter((line) => line.includes('http://127.0.0.1:4321/mcp'))).toHaveLength(1);
});
