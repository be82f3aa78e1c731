/**
 * What `doctor` looks at, and what it may find: the names, which are an API for scripts, and the places in docs/troubleshooting.md where
 * each failure is explained. Pure.
 */

/** The checks, in the order in which they are shown. `anchor` is a heading of docs/troubleshooting.md. */
export const CHECKS = {
  apiServer: { title: 'API server', anchor: 'the-api-server-can-not-be-reached' },
  kubernetesVersion: { title: 'Kubernetes version', anchor: 'kubernetes-is-too-old' },
  crd: { title: 'CRD', anchor: 'the-crd-is-missing' },
  crdNames: { title: 'CRD names', anchor: 'the-names-of-the-crd-are-not-accepted' },
  crdSchema: { title: 'CRD schema', anchor: 'the-crd-is-that-of-another-version' },
  otherOperators: { title: 'other operators', anchor: 'another-operator-has-mcpservers-too' },
  rights: { title: 'rights', anchor: 'rights-are-missing' },
  lease: { title: 'leader', anchor: 'no-operator-leads' },
  statuses: { title: 'statuses', anchor: 'statuses-are-not-kept-up-to-date' },
  metadataAddress: { title: 'metadata address', anchor: 'the-metadata-address-is-not-blocked' },
} as const satisfies Record<string, { readonly title: string; readonly anchor: string }>;

export type CheckName = keyof typeof CHECKS;

/** Where failures are explained, by anchor. */
export const DOCUMENT = 'docs/troubleshooting.md';

export type Finding =
  | { readonly kind: 'passed'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: string }
  /** Nothing is broken, and somebody should know: it does not count for the exit code. */
  | { readonly kind: 'warning'; readonly message: string; readonly remedy: string }
  /** It could not be looked at, or there is nothing to look at. */
  | { readonly kind: 'skipped'; readonly message: string };

export interface CheckResult {
  readonly check: CheckName;
  readonly finding: Finding;
}

export const passed = (message: string): Finding => ({ kind: 'passed', message });
export const failed = (message: string, remedy: string): Finding => ({ kind: 'failed', message, remedy });
export const warning = (message: string, remedy: string): Finding => ({ kind: 'warning', message, remedy });
export const skipped = (message: string): Finding => ({ kind: 'skipped', message });
