import { expect, test } from 'vitest';
import { countGets, countStatusWrites, countWrites, difference, parseRequestCounts } from './request-counts.ts';

const METRICS = `# HELP apiserver_request_total Counter of apiserver requests
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="mcpserver-operator.dev",resource="mcpservers",scope="resource",subresource="status",verb="PUT",version="v1alpha1"} 998
apiserver_request_total{code="409",component="apiserver",dry_run="",group="mcpserver-operator.dev",resource="mcpservers",scope="resource",subresource="status",verb="PUT",version="v1alpha1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="",group="mcpserver-operator.dev",resource="mcpservers",scope="cluster",subresource="",verb="LIST",version="v1alpha1"} 3
apiserver_request_total{code="200",component="apiserver",dry_run="",group="coordination.k8s.io",resource="leases",scope="resource",subresource="",verb="PUT",version="v1"} 1.5e+01
apiserver_request_duration_seconds_count{group="",resource="mcpservers",verb="PUT"} 77
`;

test('requests are added up over codes and kept apart by verb, resource and subresource', () => {
  expect(Object.fromEntries(parseRequestCounts(METRICS))).toEqual({
    'PUT mcpservers/status': 1_000,
    'LIST mcpservers': 3,
    'PUT leases': 15,
  });
});

test('a difference holds what was asked since, also what was never asked before', () => {
  const before = new Map([
    ['PUT mcpservers/status', 10],
    ['LIST mcpservers', 3],
  ]);
  const after = new Map([...before, ['PUT mcpservers/status', 15], ['GET mcpservers', 1]] as [string, number][]);
  expect(Object.fromEntries(difference(before, after))).toEqual({ 'PUT mcpservers/status': 5, 'GET mcpservers': 1 });
});

test('writes are those of MCPServers and events, leases are nobody’s', () => {
  const counts = new Map([
    ['PUT mcpservers/status', 5],
    ['PATCH mcpservers', 1],
    ['POST events', 2],
    ['PUT leases', 7],
    ['LIST mcpservers', 3],
    ['GET mcpservers', 4],
    ['GET secrets', 1],
    ['GET namespaces', 9],
  ]);
  expect(countStatusWrites(counts)).toBe(5);
  expect(countWrites(counts)).toBe(8);
  expect(countGets(counts)).toBe(5);
});
