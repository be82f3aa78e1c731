/**
 * Names of the API: group, version, kind, annotations. Nothing else in the program spells them.
 */
export const GROUP = 'mcpserver-operator.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'MCPServer';
export const PLURAL = 'mcpservers';
export const SHORT_NAME = 'mcpsvr';

/** Any new value asks for one probe at once, whatever the backoff; `status.lastHandledProbeRequest` echoes it. */
export const PROBE_REQUESTED_AT = `${GROUP}/probe-requested-at`;

/** On an Event: the probe that found what the event tells, as in the log lines and in `status.history`. */
export const PROBE_ID = `${GROUP}/probe-id`;

/** On a Secret: comma-separated hosts (`a.example.com`, `*.b.example.com`) that its values may be sent to. */
export const ALLOWED_HOSTS = `${GROUP}/allowed-hosts`;
