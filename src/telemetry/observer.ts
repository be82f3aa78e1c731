/**
 * Tells logs and metrics what the reconciler and the prober report. One line per transition at info, per probe at debug, one audit line
 * per use of a credential. It holds nothing but the last digest of each object, and decides nothing.
 */
import type { Logger } from '../platform/log.ts';
import type { CredentialUse, ProbeEvent, ProbeLog } from '../probe/probe-log.ts';
import type { ReconcileObserver } from '../reconcile/ports.ts';
import type { Metrics } from './metrics.ts';

/** Ready to be told; it keeps one digest per object. */
export function createObserver({ log, metrics }: { log: Logger; metrics: Metrics }): ReconcileObserver {
  /** By key; bounded by the objects that exist, since `forgotten` takes each away. */
  const digests = new Map<string, string>();

  return {
    reconciled: (result, durationMs) => metrics.recordReconcile({ result, durationMs }),
    crashed(key, error) {
      metrics.recordReconcile({ result: 'error', durationMs: 0 });
      log.error({ key, error }, 'a reconcile failed by a fault of the operator; it is tried again');
    },
    probed({ namespace, name, probeID }, cause, report, reconcileID) {
      const { verdict, outcome, attempts, durationMs, stageMs, forbidden, certificateExpiresAtMs } = report;
      const ids = { namespace, name, reconcileID, probeID, cause };
      if (verdict.kind === 'none') {
        metrics.recordUndecided(verdict.why === 'aborted' ? 'aborted' : forbidden === undefined ? 'unavailable' : 'forbidden');
        log.debug({ ...ids, outcome: outcome.kind, durationMs }, 'probe ended without a verdict');
        return;
      }
      // A server that can not be reached has shown nothing: what it showed before still holds.
      if (verdict.kind === 'available' || certificateExpiresAtMs !== undefined) {
        metrics.objects?.certificateExpires({ namespace, name }, certificateExpiresAtMs);
      }
      const available = verdict.kind === 'available';
      const state = available ? 'Available' : verdict.class;
      const reason = available ? 'Available' : verdict.reason;
      const transport = available ? verdict.finding.transport : 'None';
      metrics.recordProbe({ verdict: state, reason, transport, durationMs, stageMs });
      const stage = available ? undefined : verdict.stage;
      log.debug({ ...ids, state, reason, stage, attempts, durationMs }, 'probed');
    },
    forbidden({ namespace, name }, { kind, name: reference }) {
      const fields = { namespace, name, kind, reference, verb: 'get', resource: `${kind.toLowerCase()}s` };
      log.warn(fields, 'the operator has no right to read what a spec refers to: the server can not be judged');
    },
    stands({ namespace, name }, status) {
      const { objects } = metrics;
      if (objects === undefined) return;
      objects.observe(
        { namespace, name },
        {
          up: status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true,
          state: status.state,
          consecutiveFailures: status.failure?.consecutive ?? 0,
          lastSuccessMs: status.lastSuccessTime === undefined ? undefined : Date.parse(status.lastSuccessTime),
          tools: status.capabilities?.tools?.count,
        },
      );
      const key = `${namespace}/${name}`;
      const digest = status.capabilities?.digest;
      const before = digests.get(key);
      if (digest === undefined || digest === before) return;
      digests.set(key, digest);
      if (before !== undefined) objects.capabilitiesChanged({ namespace, name });
    },
    transition({ namespace, name, reconcileID, probeID, from, to, reason }) {
      log.info({ namespace, name, reconcileID, probeID, from, state: to, reason }, 'state changed');
    },
    writeFailed({ namespace, name }, result, retryInMs) {
      const fields = { namespace, name, result: result.kind, retryInMs: Math.round(retryInMs) };
      if (result.kind === 'rejected') log.error({ ...fields, httpStatus: result.httpStatus }, 'the API server refused a status');
      else log.warn(fields, 'a status could not be written; it is tried again');
    },
    forgotten(key) {
      digests.delete(key);
      const [namespace = '', name = ''] = key.split('/');
      metrics.objects?.forget({ namespace, name });
    },
  };
}

/** The log of the prober: audit lines at info, the rest at debug. */
export function createProbeLog(log: Logger): ProbeLog {
  return {
    debug: (event: ProbeEvent) => log.debug({ ...event }, 'probe'),
    audit: (use: CredentialUse) => log.info({ audit: true, ...use }, 'credential used'),
  };
}
