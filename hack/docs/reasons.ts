/**
 * docs/reference/reasons.md: every reason that a condition may bear, with its class, cause and remedy, from the tables that messages are made
 * of. Pure. The heading of a reason makes the anchor that `anchorOf` promises: alerts and scripts link there.
 */
import {
  isTransientReason,
  type ReasonRow,
  reasonsTable,
  STATE_REASONS,
  type StateReason,
} from '../../src/api/v1alpha1/reasons.ts';
import { CLASSES, type FailureClass } from '../../src/api/v1alpha1/status.ts';
import { TRANSIENT_REASONS, type TransientText } from '../../src/api/v1alpha1/transient-reasons.ts';
import { cell, code, GENERATED, link, page, table } from './markdown.ts';

const INTRODUCTION = `A reason is the CamelCase name of a fact. It stands in the column REASON of \`kubectl get mcpservers\`, in \`status.failure.reason\`, in the conditions,
in events, and in the label \`reason\` of [metrics](metrics.md). Reasons are an API: one may be added, none is renamed. The message of the
condition Ready says the same with the particulars of the case: the stage, the HTTP status, the name of the Secret.`;

const CLASS_TEXTS: Readonly<Record<FailureClass, string>> = {
  Transient:
    'Expected to pass. It is tried again with growing pauses (`spec.retry`), and a Ready server stays Ready until it failed `probe.failureThreshold` times in a row. When it lasts for longer than `probe.progressDeadlineSeconds`, the same reason is shown with the state Permanent and the condition Stalled.',
  Permanent:
    'The same request will go on failing until the owner of the server or of the manifest acts. It is looked at again every `probe.recheckSeconds`, and at once when the spec changes.',
  Denied:
    'The server was reached, and this identity was refused. The owner of the credential or of the policy acts. It is looked at again every `probe.recheckSeconds`, at once when the spec changes, and within a minute of a change of its Secrets.',
};

/** Where it stands and what it says, for the reasons that are no failure of a probe. */
const STATE_TEXTS: Readonly<Record<StateReason, readonly [where: string, meaning: string]>> = {
  ProbePending: ['Ready=Unknown', 'The first probe of this spec has not ended yet. There is nothing to do.'],
  CredentialsForbidden: [
    'Ready=Unknown',
    'The operator lacks the right to read a Secret, ConfigMap or Service of the spec. It is a fault of the installation: see `mcpserver-operator doctor`.',
  ],
  Progressing: ['Reconciling=True', 'A new or changed spec is being probed.'],
  ProgressingWithRetry: ['Reconciling=True', 'A failure that may pass is tried again; the condition Ready has its reason.'],
  ProgressDeadlineExceeded: [
    'Stalled=True',
    'A transient failure lasted for longer than `probe.progressDeadlineSeconds`; the condition Ready has its reason.',
  ],
  Available: ['Ready=True', 'The lists were read with the declared identity.'],
  ToolsMissing: [
    'Ready=False, Stalled, ExpectationsUnmet',
    'Tools of `expect.tools` are not offered to this identity; the message names them. Check the server and the scopes of the credential, or correct the list.',
  ],
  DigestMismatch: [
    'CapabilitiesDrifted; with `drift.policy: Require` Ready=False and Stalled',
    'The catalogue differs from the one pinned in `drift.digest`. Review it, then pin the new digest or restore the server.',
  ],
  CredentialsExpiring: [
    'CredentialsExpiring=True',
    'The declared token expires in less than five minutes. Put a new one into its Secret.',
  ],
  Suspended: ['Ready (value kept)', '`spec.suspend` is true: the server is not probed.'],
};

/** The whole page. */
export function renderReasons(): string {
  const index = reasonsTable.map(({ reason, class: failureClass, cause }) => [
    link(`\`${reason}\``, reason),
    failureClass,
    cell(cause),
  ]);
  return page([
    GENERATED,
    '# Reasons',
    INTRODUCTION,
    table(['Reason', 'Class', 'What happened'], index),
    ...CLASSES.flatMap((failureClass) => [
      `## ${failureClass} failures`,
      CLASS_TEXTS[failureClass],
      ...reasonsTable.filter((row) => row.class === failureClass).flatMap(sectionOf),
    ]),
    '## Reasons that are no failure of a probe',
    table(
      ['Reason', 'Condition', 'What it means'],
      STATE_REASONS.map((reason) => [code(reason), cell(STATE_TEXTS[reason][0]), cell(STATE_TEXTS[reason][1])]),
    ),
  ]);
}

function sectionOf({ reason, cause, remedy }: ReasonRow): string[] {
  return [`### ${reason}`, `- Cause: ${cause}${outlookOf(reason)}\n- Remedy: ${remedy}`];
}

function outlookOf(reason: ReasonRow['reason']): string {
  if (!isTransientReason(reason)) return '';
  const { outlook }: TransientText = TRANSIENT_REASONS[reason];
  return outlook === undefined ? '' : ` Probably ${outlook}.`;
}
