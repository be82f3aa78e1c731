/**
 * `doctor`: reads a kubeconfig, lets `examine.ts` look, and says what was found. Exit code 0 when nothing failed, 1 when something did or
 * the input is bad, 130 when a signal ended it.
 */
import { createKubeClient } from '../../kube/client.ts';
import { type KubeConfig, loadKubeConfig } from '../../kube/config.ts';
import { systemClock } from '../../platform/clock.ts';
import { parseFlags } from '../../platform/flags.ts';
import { systemRandom } from '../../platform/random.ts';
import { PRODUCT_NAME } from '../../platform/version.ts';
import { verbHelp } from '../help.ts';
import { withSignals } from '../signals.ts';
import { refuse, type Terminal } from '../terminal.ts';
import { CHECKS, type CheckResult, DOCUMENT } from './check.ts';
import { type ExamineOptions, examine } from './examine.ts';
import { DOCTOR_FLAGS } from './flags.ts';
import { isHealthy, renderJSON, renderTable } from './report.ts';

const INTERRUPTED = 130;

/** Resolves with the exit code. */
export async function doctorVerb(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, help, faults } = parseFlags(DOCTOR_FLAGS, { args, maxArguments: 0 });
  if (help) {
    terminal.out(verbHelp('doctor'));
    return 0;
  }
  if (faults.length > 0) return refuse(terminal, 'doctor', faults);
  const loaded = await loadKubeConfig({ kubeconfig: values.kubeconfig, env: terminal.env, home: terminal.env['HOME'] });
  if (loaded.kind === 'error') {
    return refuse(terminal, 'doctor', [`${loaded.message}; see ${DOCUMENT}#${CHECKS.apiServer.anchor}`]);
  }
  const { config } = loaded;
  const results = await withSignals((signal) =>
    diagnose(config, values.as, signal, {
      pre: values.pre,
      server: config.origin,
      who: values.as ?? 'this identity',
      namespaces: values.namespaces,
      leaseNamespace: values['lease-namespace'],
      leaseName: values['lease-name'] ?? PRODUCT_NAME,
      ownNamespace: config.namespace,
    }),
  );
  if (results === undefined) return INTERRUPTED;
  terminal.out(values.output === 'json' ? renderJSON(results) : renderTable(results, { color: terminal.color }));
  return isHealthy(results) ? 0 : 1;
}

/** Undefined when `signal` ended it. */
async function diagnose(
  config: KubeConfig,
  as: string | undefined,
  signal: AbortSignal,
  options: ExamineOptions,
): Promise<CheckResult[] | undefined> {
  const open = (opened: KubeConfig) => createKubeClient({ config: opened, clock: systemClock, random: systemRandom });
  const client = open(config);
  const asUser = as === undefined ? client : open({ ...config, user: { ...config.user, impersonateUser: as } });
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([examine({ client, asUser, clock: systemClock, signal }, options), ended]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await Promise.all([...new Set([client, asUser])].map((each) => each.close()));
  }
}
