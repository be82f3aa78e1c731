/**
 * The verdict that each object of hack/samples must get: what the demo waits for, and what its exit code tells.
 * The names are those of the manifests, the words those of `kubectl get mcpservers`.
 */
import type { Reason } from '../../src/api/v1alpha1/reasons.ts';
import type { State } from '../../src/api/v1alpha1/status.ts';

export interface Expectation {
  readonly name: string;
  readonly state: State;
  /** The reason of the condition Ready. */
  readonly reason: Reason | 'Available' | 'ToolsMissing';
  readonly ready: 'True' | 'False';
  /** A state that must have been seen on the way. */
  readonly after?: State;
  /** Whether the number of tools must have been seen to change. */
  readonly toolsChange?: true;
}

export const EXPECTATIONS: readonly Expectation[] = [
  { name: 'closed-port', state: 'Transient', reason: 'ConnectionRefused', ready: 'False' },
  { name: 'drifting-tools', state: 'Available', reason: 'Available', ready: 'True', toolsChange: true },
  { name: 'forbidden', state: 'Denied', reason: 'AccessDenied', ready: 'False' },
  { name: 'healthy-legacy', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'healthy-modern', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'healthy-sse', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'html-page', state: 'Permanent', reason: 'NotMCPEndpoint', ready: 'False' },
  { name: 'lists-refused', state: 'Denied', reason: 'CredentialsRejected', ready: 'False' },
  { name: 'mutual-tls', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'no-certificate', state: 'Denied', reason: 'ClientCertificateRejected', ready: 'False' },
  { name: 'oauth-protected', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'slow-start', state: 'Available', reason: 'Available', ready: 'True', after: 'Transient' },
  { name: 'tar-pit', state: 'Transient', reason: 'RequestTimeout', ready: 'False' },
  { name: 'token-missing', state: 'Denied', reason: 'AuthenticationRequired', ready: 'False' },
  { name: 'token-right', state: 'Available', reason: 'Available', ready: 'True' },
  { name: 'token-wrong', state: 'Denied', reason: 'CredentialsRejected', ready: 'False' },
  { name: 'tools-missing', state: 'Available', reason: 'ToolsMissing', ready: 'False' },
];
