import { expect, test } from 'vitest';
import type { Manifest } from '../../hack/chart.ts';
import { operatorEnvironment } from './operator-environment.ts';

const deployment = (container: object): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'operator' },
  spec: { template: { spec: { containers: [container] } } },
});

test('the operator gets the variables of its container, and of ours those that say nothing about it', () => {
  const manifests = [deployment({ env: [{ name: 'NODE_OPTIONS', value: '--a' }] })];
  const ours = { PATH: '/bin', NODE_OPTIONS: '--b', KUBECONFIG: 'c', MCPSERVER_OPERATOR_LOG_LEVEL: 'd', UV_THREADPOOL_SIZE: '5' };
  expect(operatorEnvironment(manifests, ours)).toEqual({ PATH: '/bin', NODE_OPTIONS: '--a' });
});

test('without a Deployment there is no environment to measure in', () => {
  expect(() => operatorEnvironment([], {})).toThrow();
});
