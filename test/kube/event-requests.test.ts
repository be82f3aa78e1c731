import { describe, expect, test } from 'vitest';
import type { KubeResult } from '../../src/kube/client.ts';
import { eventName, judgeAnswer, requestOf } from '../../src/kube/event-requests.ts';
import type { Series } from '../../src/kube/event-series.ts';

const reporter = { controller: 'mcpserver-operator', instance: 'pod-0' };
const series = (overlay: Partial<Series> = {}): Series => ({
  key: 'k',
  object: { namespace: 'ns', name: 'a', uid: 'u', resourceVersion: '7' },
  notice: { type: 'Warning', reason: 'Denied', action: 'Probe', note: 'n', probeID: 'p1' },
  firstWallMs: Date.parse('2026-01-01T00:00:00.250Z'),
  name: 'a.1',
  count: 1,
  lastWallMs: Date.parse('2026-01-01T00:01:00Z'),
  probeID: 'p1',
  lastMs: 0,
  shown: 0,
  heldUntilMs: 0,
  ...overlay,
});
const bodyOf = (each: Series) => JSON.parse(requestOf(each, reporter).body ?? '');

describe('requestOf', () => {
  test('a first occurrence creates an Event of events.k8s.io/v1, whole, in the namespace of its object', () => {
    expect(requestOf(series(), reporter)).toMatchObject({ method: 'POST', path: '/apis/events.k8s.io/v1/namespaces/ns/events' });
    expect(bodyOf(series())).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'ns', name: 'a.1', annotations: { 'mcpserver-operator.dev/probe-id': 'p1' } },
      eventTime: '2026-01-01T00:00:00.250000Z',
      reportingController: 'mcpserver-operator',
      reportingInstance: 'pod-0',
      action: 'Probe',
      reason: 'Denied',
      type: 'Warning',
      note: 'n',
      regarding: {
        apiVersion: 'mcpserver-operator.dev/v1alpha1',
        kind: 'MCPServer',
        namespace: 'ns',
        name: 'a',
        uid: 'u',
        resourceVersion: '7',
      },
    });
  });

  test('what happened again before it was created is a series from the start', () => {
    expect(bodyOf(series({ count: 3 })).series).toEqual({ count: 3, lastObservedTime: '2026-01-01T00:01:00.000000Z' });
  });

  test('a repetition lets the count grow, and names the probe of the last one', () => {
    const request = requestOf(series({ count: 4, shown: 1, probeID: 'p9' }), reporter);
    expect(request).toMatchObject({
      method: 'PATCH',
      path: '/apis/events.k8s.io/v1/namespaces/ns/events/a.1',
      contentType: 'application/merge-patch+json',
    });
    expect(JSON.parse(request.body ?? '')).toEqual({
      metadata: { annotations: { 'mcpserver-operator.dev/probe-id': 'p9' } },
      series: { count: 4, lastObservedTime: '2026-01-01T00:01:00.000000Z' },
    });
  });

  test('a long name of a Pod is cut to what the API takes', () => {
    const { reportingInstance } = JSON.parse(requestOf(series(), { ...reporter, instance: 'x'.repeat(300) }).body ?? '');
    expect(reportingInstance).toHaveLength(128);
  });
});

test('the name of an Event is a DNS name of at most 253 characters, whatever its object is called', () => {
  const object = { namespace: 'ns', uid: 'u', resourceVersion: '7' };
  expect(eventName({ ...object, name: 'a' }, 1_767_225_600_000, '0a1b2c3d')).toBe('a.19b76daa8000a1b2c3d');
  for (const name of ['x'.repeat(253), `${'x'.repeat(231)}-.-${'y'.repeat(19)}`, `${'x'.repeat(232)}.${'y'.repeat(20)}`]) {
    const made = eventName({ ...object, name }, 1_767_225_600_000, '0a1b2c3d');
    expect(made.length).toBeLessThanOrEqual(253);
    expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  }
});

const status = (code: number): KubeResult => ({ kind: 'status', status: code });

test.each<[string, KubeResult, 'create' | 'grow', object]>([
  ['2xx', { kind: 'ok', status: 201, body: '' }, 'create', { kind: 'written' }],
  ['409 on a creation: it was there already', status(409), 'create', { kind: 'written' }],
  ['409 on growth', status(409), 'grow', { kind: 'later', afterMs: 0 }],
  ['404 on growth: it has expired', status(404), 'grow', { kind: 'vanished' }],
  ['404 on a creation: no namespace', status(404), 'create', { kind: 'refused', httpStatus: 404 }],
  ['403: no right, or the namespace goes away', status(403), 'create', { kind: 'refused', httpStatus: 403 }],
  ['422', status(422), 'grow', { kind: 'refused', httpStatus: 422 }],
  ['401: a token rotates', status(401), 'create', { kind: 'later', afterMs: 0 }],
  ['500', status(500), 'create', { kind: 'later', afterMs: 0 }],
  ['429', { kind: 'status', status: 429, retryAfterMs: 5000 }, 'create', { kind: 'later', afterMs: 5000 }],
  ['no answer', { kind: 'network', errorCode: 'ECONNREFUSED' }, 'create', { kind: 'later', afterMs: 0 }],
])('%s', (_what, result, request, answer) => {
  expect(judgeAnswer(result, request === 'create')).toEqual(answer);
});
