import { describe, expect, it } from 'vitest';
import { factOfRefusal, factOfTrouble, misconfigured } from '../../src/probe/authorization-fact.ts';
import type { FailureFact } from '../../src/probe/outcome.ts';
import { judge, render } from './facts.ts';

describe('a refusal', () => {
  it('the status ranks above the body where it says that the server is overloaded or broken', () => {
    for (const status of [408, 425, 429, 500, 502, 503, 504, 599]) {
      expect(render(judge(factOfRefusal(status, 'invalid_client', undefined)))).toBe('Transient AuthorizationServerUnavailable');
    }
    expect(judge(factOfRefusal(503, undefined, 9000)).retryAfterMs).toBe(9000);
  });

  it('codes of OAuth decide else, and a code that is on no list is as good as none', () => {
    const verdictOf = (status: number, error: unknown) => render(judge(factOfRefusal(status, error, undefined)));
    expect(verdictOf(400, 'invalid_scope')).toBe('Denied TokenRequestRejected');
    expect(verdictOf(403, 'access_denied')).toBe('Denied TokenRequestRejected');
    expect(verdictOf(400, 'interaction_required')).toBe('Denied InteractiveAuthorizationRequired');
    expect(verdictOf(400, 'temporarily_unavailable')).toBe('Transient AuthorizationServerUnavailable');
    for (const odd of ['constructor', '__proto__', '', 7, null, { invalid_client: 1 }]) {
      expect(verdictOf(400, odd)).toBe('Permanent AuthorizationMisconfigured');
      expect(verdictOf(401, odd)).toBe('Denied TokenRequestRejected');
    }
    expect(verdictOf(302, undefined)).toBe('Permanent AuthorizationMisconfigured');
  });
});

describe('an exchange that failed', () => {
  const rows: [string, FailureFact, string][] = [
    ['refused', { kind: 'network', stage: 'connect', errorCode: 'ECONNREFUSED' }, 'Transient AuthorizationServerUnavailable'],
    ['no such name', { kind: 'network', stage: 'resolve', errorCode: 'ENOTFOUND' }, 'Transient AuthorizationServerUnavailable'],
    ['silent', { kind: 'deadline', stage: 'http', scope: 'request' }, 'Transient AuthorizationServerUnavailable, silent'],
    ['no HTTP', { kind: 'network', stage: 'http', errorCode: 'HPE_INVALID_CONSTANT' }, 'Permanent AuthorizationMisconfigured'],
    ['expired', { kind: 'network', stage: 'tls', errorCode: 'CERT_HAS_EXPIRED' }, 'Permanent AuthorizationMisconfigured'],
    ['too large', { kind: 'limit', stage: 'payload', limit: 'body' }, 'Permanent AuthorizationMisconfigured'],
    ['forbidden', { kind: 'forbidden', stage: 'policy' }, 'Permanent DestinationForbidden'],
    ['a bug', { kind: 'unexpected', stage: 'http' }, 'Permanent UnexpectedError'],
  ];
  it.each(rows)('%s', (_name, fact, expected) => {
    expect(render(judge(factOfTrouble(fact)))).toBe(expected);
  });

  it('its code is told, and one that is on no list is not', () => {
    expect(judge(factOfTrouble({ kind: 'network', stage: 'tls', errorCode: 'CERT_HAS_EXPIRED' }))).toMatchObject({
      stage: 'credentials',
      errorCode: 'CERT_HAS_EXPIRED',
    });
    const odd = factOfTrouble({ kind: 'network', stage: 'tls', errorCode: 'canary' });
    expect(JSON.stringify(judge(odd))).not.toContain('canary');
  });
});

it('a detail reaches the verdict', () => {
  expect(judge(misconfigured('issuerSlash', 200))).toMatchObject({ detail: 'issuerSlash', httpStatus: 200 });
});
