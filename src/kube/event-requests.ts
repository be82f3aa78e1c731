/**
 * The two requests that show a series of events (create it, let its count grow) and what an answer to them means. Pure.
 * The form is that of `events.k8s.io/v1`, whose API server wants MicroTime with six digits and refuses any change but to the series.
 */
import { API_VERSION, KIND, PROBE_ID } from '../api/v1alpha1/group.ts';
import type { WriteTarget } from '../reconcile/ports.ts';
import type { KubeRequest, KubeResult } from './client.ts';
import type { Series } from './event-series.ts';
import { formatMicroTime } from './lease-decision.ts';
import { METADATA_ONLY } from './status-writer.ts';

/** Who reports. */
export interface Reporter {
  /** The name of the program. */
  readonly controller: string;
  /** The process: the name of its Pod. At most 128 characters, as the API demands; what is longer is cut. */
  readonly instance: string;
}

/** The request that shows `series` as it is at this moment: its creation, or the growth of what is there. */
export function requestOf(series: Series, reporter: Reporter): KubeRequest {
  const path = `/apis/events.k8s.io/v1/namespaces/${series.object.namespace}/events`;
  if (series.shown === 0) {
    return { method: 'POST', path, accept: METADATA_ONLY, body: JSON.stringify(eventOf(series, reporter)) };
  }
  return {
    method: 'PATCH',
    path: `${path}/${series.name}`,
    accept: METADATA_ONLY,
    contentType: 'application/merge-patch+json',
    body: JSON.stringify({ metadata: annotationsOf(series), series: seriesOf(series) }),
  };
}

/** The Event whole: who, about which version of which object, what, and how often. */
function eventOf(series: Series, { controller, instance }: Reporter): object {
  const { object, notice, firstWallMs, name } = series;
  const { namespace, uid, resourceVersion } = object;
  const { type, reason, action, note } = notice;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name, ...annotationsOf(series) },
    eventTime: formatMicroTime(firstWallMs),
    reportingController: controller,
    reportingInstance: instance.slice(0, 128),
    action,
    reason,
    type,
    note,
    regarding: { apiVersion: API_VERSION, kind: KIND, namespace, name: object.name, uid, resourceVersion },
    ...(series.count > 1 && { series: seriesOf(series) }),
  };
}

function seriesOf({ count, lastWallMs }: Series): object {
  return { count, lastObservedTime: formatMicroTime(lastWallMs) };
}

function annotationsOf({ probeID }: Series): object {
  return probeID === undefined ? {} : { annotations: { [PROBE_ID]: probeID } };
}

/** A name for an Event about `object`, as client-go makes it: time and chance in hex, at most 253 characters, a DNS name. */
export function eventName({ name }: WriteTarget, wallMs: number, id: string): string {
  const suffix = `.${Math.max(0, Math.trunc(wallMs)).toString(16)}${id}`;
  return name.slice(0, 253 - suffix.length).replace(/[-.]+$/, '') + suffix;
}

export type EventAnswer =
  | { readonly kind: 'written' }
  /** What should grow is not there any more: events live for an hour. */
  | { readonly kind: 'vanished' }
  /** It will never be taken. 403 and 404: no right, or the namespace goes away; neither heals soon enough to hold the others up. */
  | { readonly kind: 'refused'; readonly httpStatus: number }
  /** Try again, not before `afterMs`. */
  | { readonly kind: 'later'; readonly afterMs: number };

/** What the answer to {@link requestOf} means for the series as it was when it was sent. */
export function judgeAnswer(result: KubeResult, isCreation: boolean): EventAnswer {
  if (result.kind === 'ok') return { kind: 'written' };
  if (result.kind !== 'status') return { kind: 'later', afterMs: 0 };
  const { status } = result;
  // The name is ours alone, so it was created by a request whose answer was lost.
  if (status === 409 && isCreation) return { kind: 'written' };
  if (status === 404 && !isCreation) return { kind: 'vanished' };
  const isPassing = status === 401 || status === 408 || status === 409 || status === 429 || status >= 500;
  return isPassing ? { kind: 'later', afterMs: result.retryAfterMs ?? 0 } : { kind: 'refused', httpStatus: status };
}
