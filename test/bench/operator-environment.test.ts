import { expect, test } from 'vitest';
import type { Manifest } from '../../hack/chart.ts';
import { operatorEnvironment } from './operator-environment.ts';

const deployment = (container: object): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'operator' },
  spec: { template: { spec: { containers: [container] } } },
});

const resources = { limits: { memory: '512Mi' } };

test('the operator gets the variables of its container, and of ours those that say nothing about it', () => {
  const manifests = [deployment({ env: [{ name: 'MALLOC_ARENA_MAX', value: '2' }], resources })];
  const ours = { PATH: '/bin', NODE_OPTIONS: '--b', KUBECONFIG: 'c', MCPSERVER_OPERATOR_LOG_LEVEL: 'd', UV_THREADPOOL_SIZE: '5' };
  expect(operatorEnvironment(manifests, ours)).toMatchObject({ PATH: '/bin', MALLOC_ARENA_MAX: '2' });
  expect(Object.keys(operatorEnvironment(manifests, ours)).sort()).toEqual(['MALLOC_ARENA_MAX', 'NODE_OPTIONS', 'PATH']);
});

test('its heap is bounded as Node bounds it in a container: by half of the memory limit', () => {
  const manifests = [deployment({ env: [{ name: 'NODE_OPTIONS', value: '--a' }], resources })];
  expect(operatorEnvironment(manifests, {})).toEqual({ NODE_OPTIONS: '--a --max-old-space-size=256' });
});

test('a limit in another unit is no limit that could be halved', () => {
  const manifests = [deployment({ resources: { limits: { memory: '1Gi' } } })];
  expect(() => operatorEnvironment(manifests, {})).toThrow('Mi was expected, not 1Gi');
});

test('without a Deployment there is no environment to measure in', () => {
  expect(() => operatorEnvironment([], {})).toThrow();
});
