import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUTHORIZATION_DETAILS } from '../../../src/api/v1alpha1/authorization-details.ts';
import {
  availableMessage,
  capabilitiesChangedMessage,
  clampMessage,
  credentialsExpiringMessage,
  describeIdentity,
  digestMismatchMessage,
  expectationsMetMessage,
  failureMessage,
  forbiddenReferenceMessage,
  invalidSpecMessage,
  pendingMessage,
  staleMessage,
  suspendedMessage,
  toolsMissingMessage,
} from '../../../src/api/v1alpha1/messages.ts';
import { isReason, reasonsTable } from '../../../src/api/v1alpha1/reasons.ts';
import { MCPServerSpec } from '../../../src/api/v1alpha1/spec.ts';
import { STAGES } from '../../../src/api/v1alpha1/status.ts';

const STATES = {
  availableMessage,
  pendingMessage,
  suspendedMessage,
  staleMessage,
  credentialsExpiringMessage,
  digestMismatchMessage,
  expectationsMetMessage,
};
const transient = reasonsTable.filter((row) => row.class === 'Transient');
const permanent = reasonsTable.filter((row) => row.class === 'Permanent');
const denied = reasonsTable.filter((row) => row.class === 'Denied');

describe('failureMessage', () => {
  it('says what happened, where, what happens next and what to do', () => {
    expect(failureMessage({ reason: 'ServerUnavailable', stage: 'http', httpStatus: 503 })).toBe(
      "The server or its gateway answered that the service is unavailable (stage http, HTTP 503); the server may be starting or overloaded, and the probe will be retried. If it lasts, look at the server's own logs, and at the ready replicas behind its gateway.",
    );
    expect(failureMessage({ reason: 'EndpointNotFound', stage: 'http', httpStatus: 404 })).toBe(
      'The server has no MCP endpoint at this path (stage http, HTTP 404); this needs attention. Correct the path of spec.url or serviceRef.path; usual ones are /mcp and /sse. It is looked at again every probe.recheckSeconds, and at once when the spec changes.',
    );
    expect(
      failureMessage({
        reason: 'CredentialsRejected',
        stage: 'rpc',
        rpcCode: 0,
        identity: 'the bearer token of Secret "a", key "b"',
      }),
    ).toBe(
      'The server did not accept the bearer token of Secret "a", key "b" (stage rpc, JSON-RPC error 0). Renew the credential, and check its issuer, audience and validity. A changed credential or spec is noticed without further action.',
    );
  });

  it('names the field whose reference is broken', () => {
    expect(failureMessage({ reason: 'InvalidCredentials', stage: 'credentials', field: 'tls.clientCertificateRef' })).toBe(
      'A credential, key or CA bundle that the spec refers to is empty, does not parse or can not be sent; nothing was sent (stage credentials, spec.tls.clientCertificateRef); this needs attention. Correct the data of the Secret or ConfigMap: one value, without line breaks inside, or PEM where a key or bundle is meant. It is looked at again every probe.recheckSeconds, and at once when the spec changes.',
    );
  });

  it.each(transient)('A6: $reason is transient: it will be retried, and is never said to need attention', ({ reason }) => {
    const message = failureMessage({ reason, stage: 'http' });
    expect(message).toMatch(/will be retried/);
    expect(message).not.toMatch(/needs? attention|will not work/i);
  });

  it.each(transient)(
    'A6: $reason that lasts is permanent: it needs attention, and is never starting or retried',
    ({ reason }) => {
      const message = failureMessage({ reason, stage: 'http', class: 'Permanent' });
      expect(message).toMatch(/needs attention/);
      expect(message).toMatch(/progressDeadlineSeconds/);
      expect(message).not.toMatch(/starting|retried/i);
    },
  );

  it.each(permanent)('A6: $reason is permanent: it needs attention, and is never starting', ({ reason }) => {
    const message = failureMessage({ reason, stage: 'http' });
    expect(message).toMatch(/needs attention/);
    expect(message).not.toMatch(/starting|will be retried/i);
  });

  it.each(denied)('A6: $reason is denied: it names the identity, and promises no retry', ({ reason }) => {
    const message = failureMessage({ reason, stage: 'http', identity: 'the identity IDENTITY' });
    expect(message).toMatch(/IDENTITY|anonymous identity|client certificate of this MCPServer/);
    expect(message).not.toMatch(/retr(y|ies|ied)|starting|again/i);
  });

  it('A8: an ambiguous 403 tells gateway owners which time-out and which status to set', () => {
    const message = failureMessage({ reason: 'AccessDenied', stage: 'http', httpStatus: 403, ambiguousGateway: true });
    expect(message).toMatch(/time-out for it to 10 s/);
    expect(message).toMatch(/denyWithStatus: 503/);
    expect(failureMessage({ reason: 'AccessDenied', stage: 'http', httpStatus: 403 })).not.toMatch(/denyWithStatus/);
  });

  it('is one line of at most 1,024 bytes without a cut, whatever the facts', () => {
    const anyCode = fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined });
    fc.assert(
      fc.property(
        fc.constantFrom(...reasonsTable.map(({ reason }) => reason)),
        fc.constantFrom(...STAGES),
        fc.record({ httpStatus: anyCode, rpcCode: anyCode, errorCode: fc.option(fc.string(), { nil: undefined }) }),
        fc.boolean(),
        (reason, stage, codes, ambiguousGateway) => {
          const message = failureMessage({ reason, stage, ...codes, ambiguousGateway });
          expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
          expect(message).toMatch(/^[ -~]+\.$/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('A6: what an authorization server refused or got wrong is a sentence of its own, in the words of its class', () => {
    for (const [name, sentence] of Object.entries(AUTHORIZATION_DETAILS)) {
      const detail = name as keyof typeof AUTHORIZATION_DETAILS;
      for (const reason of ['TokenRequestRejected', 'AuthorizationMisconfigured'] as const) {
        const message = failureMessage({ reason, stage: 'credentials', httpStatus: 400, detail });
        expect(message).toContain(` ${sentence} `);
        expect(message).toMatch(/^[ -~]{1,1024}$/);
      }
      expect(sentence).not.toMatch(/retr(y|ies|ied)|starting|again/i);
    }
    expect(failureMessage({ reason: 'AuthorizationMisconfigured', stage: 'credentials', detail: 'issuerSlash' })).toMatch(
      /needs attention\. Its metadata names the declared issuer but for a slash/,
    );
  });

  it('E5: a code that is not one of ours is left out', () => {
    const codes = { errorCode: 'canary: 10.0.0.1 refused', httpStatus: 1.5, rpcCode: 2 ** 40 };
    expect(failureMessage({ reason: 'ConnectionRefused', stage: 'connect', ...codes })).toContain('(stage connect);');
    expect(failureMessage({ reason: 'ConnectionRefused', stage: 'connect', errorCode: 'ECONNREFUSED' })).toContain(
      '(stage connect, ECONNREFUSED);',
    );
  });

  it('holds the longest names of Secrets without a cut', () => {
    const name = 'a'.repeat(253);
    const spec = MCPServerSpec.parse({
      url: 'http://a',
      auth: { type: 'Bearer', bearer: { secretKeyRef: { name, key: name } } },
    });
    const facts = { reason: 'AccessDenied', stage: 'http', httpStatus: 403, identity: describeIdentity(spec) } as const;
    expect(failureMessage(facts)).toMatch(/without further action\.$/);
  });
});

describe('describeIdentity', () => {
  const secretKeyRef = { name: 's', key: 'k' };
  it.each([
    [{}, 'the anonymous identity (no credential is declared)'],
    [{ auth: { type: 'Bearer', bearer: { secretKeyRef } } }, 'the bearer token of Secret "s", key "k"'],
    [{ auth: { type: 'APIKey', apiKey: { secretKeyRef } } }, 'the API key of Secret "s", key "k"'],
    [{ headers: [{ name: 'X', valueFrom: { secretKeyRef } }] }, 'the header of Secret "s", key "k"'],
    [{ tls: { clientCertificateRef: { name: 'c' } } }, 'the client certificate of Secret "c"'],
    [
      { auth: { type: 'OAuthClientCredentials', oauth: { issuer: 'https://a', clientID: 'x' } } },
      'the OAuth client of auth.oauth',
    ],
  ])('of %j is told by the names that the spec declares', (fields, identity) => {
    expect(describeIdentity(MCPServerSpec.parse({ url: 'http://a', ...fields }))).toBe(identity);
  });
});

describe('other messages', () => {
  it('are one line of at most 1,024 bytes each', () => {
    for (const message of Object.values(STATES).map((make) => make())) {
      expect(message).toMatch(/^[ -~]+\.$/);
      expect(message.length).toBeLessThan(1024);
    }
  });

  it('A13: missing tools are named as the spec names them', () => {
    expect(toolsMissingMessage(['get_weather', 'set_alarm'])).toBe(
      'These tools of expect.tools are not offered to this identity: "get_weather", "set_alarm"; this needs attention. Check the server and the scopes of the credential, or correct expect.tools.',
    );
  });

  it('A13: as many missing tools are named as fit, and the rest is counted', () => {
    const names = Array.from({ length: 256 }, (_, index) => `😀tool\n\u202e${index}`);
    const message = toolsMissingMessage(names);
    expect(message).toMatch(/"😀tool0".* and \d+ more; this needs attention\. .*expect\.tools\.$/u);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(message)).toBeGreaterThan(900);
    expect(toolsMissingMessage(Array.from({ length: 256 }, (_, index) => '😀'.repeat(124) + index))).toMatch(/ and 255 more; /);
  });

  it('a right that the operator lacks is told with the object, the verb and the resource, and no word on the server', () => {
    expect(forbiddenReferenceMessage({ kind: 'ConfigMap', name: 'ca' })).toBe(
      'The operator may not read ConfigMap "ca" in this namespace (HTTP 403), so nothing was sent and the server is not judged. Give its ServiceAccount the verb get on configmaps here, as the chart does in the namespaces that it watches. It is tried again every minute.',
    );
  });

  it('another catalogue is told by the counts of the lists that differ', () => {
    const list = (count: number, digest: string) => ({ count, invalid: 0, digest, items: [{ name: 'canary', digest }] });
    const of = (lists: object) => ({ digest: '', capturedAt: '2026-01-01T00:00:00Z', features: [], ...lists });
    const change = (before: object, after: object) =>
      /changed: (.*?)\. /.exec(capabilitiesChangedMessage(of(before), of(after)))?.[1];
    expect(change({ tools: list(2, 'a'), prompts: list(1, 'p') }, { tools: list(3, 'b'), prompts: list(1, 'p') })).toBe(
      'tools 2 -> 3',
    );
    expect(change({ tools: list(2, 'a') }, { tools: list(2, 'b'), resourceTemplates: list(1, 'r') })).toBe(
      'tools 2 -> 2, resource templates none -> 1',
    );
    expect(change({}, {})).toBe('features');
  });

  it('a spec that does not fit is told by its field, and how to read what is allowed', () => {
    expect(invalidSpecMessage('spec.headers[1].name')).toMatch(
      /The field spec\.headers\[1\]\.name .*`kubectl explain mcpservers\.spec\.headers\.name`/,
    );
    expect(invalidSpecMessage('spec', 'exactly one of url and serviceRef must be set')).toMatch(
      /exactly one of url and serviceRef must be set/,
    );
    expect(invalidSpecMessage('spec.\u0000`$(canary)`')).not.toMatch(/[$(\u0000]canary/);
  });

  it('the message of any text is one line of at most 1,024 bytes, and a cut is shown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 200, maxLength: 500 }), (text) => {
        const message = clampMessage(text);
        expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
        expect(message).not.toMatch(/[\n\r\u2028\u2029\u0085]/);
        expect(message.isWellFormed()).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(clampMessage('é'.repeat(600))).toBe(`${'é'.repeat(510)}…`);
  });

  it('every reason has a message of its own', () => {
    const messages = reasonsTable.map(({ reason }) => failureMessage({ reason, stage: 'http' }));
    expect(new Set(messages).size).toBe(messages.length);
    expect(reasonsTable.every(({ reason }) => isReason(reason))).toBe(true);
  });
});
