/**
 * The answers of `/healthz` and `/readyz`: named checks in, text out, in the manner of the API server's own. Pure.
 */

export interface Check {
  /** `caches-synced`, or with a namespace `caches-synced/team-a`: lower case, no spaces, nothing that a peer said. */
  readonly name: string;
  /** Answers at once from what is known; asks nobody. A check that throws has failed. */
  readonly ok: () => boolean;
}

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: string;
}

/** `endpoint` is `healthz` or `readyz`. The checks are listed when `verbose`, and always when one failed. */
export function answerHealth(endpoint: string, checks: readonly Check[], verbose: boolean): HealthAnswer {
  const results = checks.map((check) => ({ name: check.name, ok: holds(check) }));
  const ok = results.every((result) => result.ok);
  const list = results.map(({ name, ok }) => `[${ok ? '+' : '-'}]${name} ${ok ? 'ok' : 'failed'}\n`).join('');
  if (!ok) return { status: 503, body: `${list}${endpoint} check failed\n` };
  return { status: 200, body: verbose ? `${list}${endpoint} check passed\n` : 'ok' };
}

function holds(check: Check): boolean {
  try {
    return check.ok();
  } catch {
    return false;
  }
}
