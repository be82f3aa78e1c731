import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/api/v1alpha1/status.ts';
import { classifyOutcome } from '../../src/probe/classify.ts';
import type { Failure, FailureContext, FailureFact, McpMethod, TextMark } from '../../src/probe/outcome.ts';
import { ROWS } from '../../src/probe/rows.ts';
import { failureOf, readCorpus } from './corpus/corpus.ts';
import { http, inBody, judge, ON_DISCOVER, ON_INITIALIZE, range, render, WITH_TOKEN } from './facts.ts';

describe('outcomes', () => {
  it('row 61: what we aborted, or could not ask, gets no verdict', () => {
    expect(classifyOutcome({ kind: 'aborted' })).toEqual({ kind: 'none', why: 'aborted' });
    expect(classifyOutcome({ kind: 'undecided' })).toEqual({ kind: 'none', why: 'undecided' });
  });
});

describe('answers of real servers', () => {
  for (const answer of readCorpus().filter(({ verdict }) => verdict !== 'Available')) {
    it(`${answer.name} → ${answer.verdict}`, () => {
      const verdict = classifyOutcome({ kind: 'failed', failure: failureOf(answer) });
      if (verdict.kind !== 'failing') throw new Error(verdict.kind);
      expect(`row ${verdict.row}: ${render(verdict)}`).toBe(answer.verdict);
    });
  }
});

describe('HTTP statuses', () => {
  /** The class that page 4 gives to a bare status. */
  const classOf = (status: number): string => {
    if ([408, 425, 429].includes(status) || (status >= 500 && status <= 599)) return 'Transient';
    return [401, 402, 403, 407, 451].includes(status) ? 'Denied' : 'Permanent';
  };

  it('A9: every status from 0 to 999 has one verdict of the class of page 4, with and without credentials', () => {
    for (const status of range(0, 999)) {
      for (const context of [{}, WITH_TOKEN]) expect(judge(http(status), context).class, String(status)).toBe(classOf(status));
    }
  });

  it('with our session, only 404 changes its class', () => {
    const changed = range(0, 999).filter((status) => judge(http(status), { sessionSent: true }).class !== classOf(status));
    expect(changed).toEqual([404]);
  });

  it('A9: 408, 429, 500–599 are transient, 404 permanent, 401 and 403 denied', () => {
    for (const status of [408, 429, ...range(500, 599)]) expect(judge(http(status)).class).toBe('Transient');
    expect([404, 401, 403].map((status) => judge(http(status)).class)).toEqual(['Permanent', 'Denied', 'Denied']);
  });

  it('B4: 500–511 are each transient, 400, 401, 403, 404 are not, 429 is', () => {
    for (const status of [...range(500, 511), 429]) expect(judge(http(status)).class).toBe('Transient');
    for (const status of [400, 401, 403, 404]) expect(judge(http(status)).class).not.toBe('Transient');
  });

  it('A9: row 23: no text changes a 401 or a 407', () => {
    const marks = [
      'upstreamCallTimeout',
      'authorizationServiceUnavailable',
      'hostGuard',
      'sessionNotFound',
      'credentials',
    ] as const;
    for (const mark of marks) {
      expect(render(judge(http(401, { mark }), { ...WITH_TOKEN, sessionSent: true }))).toBe('Denied CredentialsRejected');
      expect(render(judge(http(407, { mark }), WITH_TOKEN))).toBe('Denied ProxyAuthenticationRequired');
    }
  });

  it('a challenge of a 403 ranks above a text, so an ambiguous answer stays denied', () => {
    const challenge = { bearer: true, error: 'invalid_token' } as const;
    expect(render(judge(http(403, { challenge, mark: 'upstreamCallTimeout' })))).toBe('Denied CredentialsRejected');
  });

  it('an authorization status and 5xx rank above a JSON-RPC body', () => {
    for (const status of [401, 403, 407, 429, 500, 503]) {
      expect(judge(inBody(status, -32_601), ON_DISCOVER).row).toBe(judge(http(status), ON_DISCOVER).row);
    }
  });

  it('a body that does not parse is not judged when the status refuses', () => {
    const verdict = judge({ kind: 'payload', stage: 'payload', problem: 'truncated', httpStatus: 403 });
    expect([verdict.row, verdict.stage, verdict.httpStatus]).toEqual([25, 'http', 403]);
  });

  it('C5: the stage tells what decided', () => {
    expect(judge(http(404), { sessionSent: true }).stage).toBe('session');
    expect(judge(inBody(400, -32_602), ON_INITIALIZE)).toMatchObject({ stage: 'rpc', httpStatus: 400, rpcCode: -32_602 });
    expect(judge(http(400))).toMatchObject({ stage: 'http', httpStatus: 400 });
  });
});

const METHODS: readonly McpMethod[] = [
  'server/discover',
  'initialize',
  'notifications/initialized',
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
];
const MARKS: readonly TextMark[] = [
  'none',
  'upstreamCallTimeout',
  'authorizationServiceUnavailable',
  'externalAuthorizationFailed',
  'hostGuard',
  'sessionNotFound',
  'credentials',
];
const STAGES = ['resolve', 'connect', 'tls', 'http'] as const;

const int = fc.oneof(fc.integer(), fc.integer({ min: -32_800, max: -31_900 }), fc.constantFrom(0, -0, Number.NaN, Infinity));
const rpcError = fc.record(
  { rpcCode: int, dataStatus: fc.constantFrom(401 as const, 403 as const), mark: fc.constantFrom(...MARKS) },
  { requiredKeys: ['mark'] },
);
const errorCode = fc.oneof(
  fc.constantFrom(
    'ECONNREFUSED',
    'ETIMEDOUT',
    'EPROTO',
    'CERT_HAS_EXPIRED',
    'HPE_INVALID_CONSTANT',
    'HPE_HEADER_OVERFLOW',
    'ENOTFOUND',
  ),
  fc.string(),
  fc.string().map((text) => `ERR_SSL_${text}`),
);
const fact: fc.Arbitrary<FailureFact> = fc.oneof(
  fc.record(
    { kind: fc.constant('network' as const), stage: fc.constantFrom(...STAGES), errorCode, tlsAlert: fc.integer() },
    { requiredKeys: ['kind', 'stage', 'errorCode'] },
  ),
  fc.record({
    kind: fc.constant('deadline' as const),
    stage: fc.constantFrom(...STAGES, 'payload' as const),
    scope: fc.constantFrom('request' as const, 'probe' as const),
  }),
  fc.record(
    {
      kind: fc.constant('httpStatus' as const),
      stage: fc.constant('http' as const),
      httpStatus: fc.oneof(fc.integer({ min: 0, max: 999 }), int),
      challenge: fc.record(
        {
          bearer: fc.boolean(),
          error: fc.constantFrom('invalid_token' as const, 'insufficient_scope' as const, 'other' as const),
        },
        { requiredKeys: ['bearer'] },
      ),
      mark: fc.constantFrom(...MARKS),
      rpc: rpcError,
      retryAfterMs: fc.integer({ min: 1_000, max: 3_600_000 }),
    },
    { requiredKeys: ['kind', 'stage', 'httpStatus', 'mark'] },
  ),
  fc.record({
    kind: fc.constant('payload' as const),
    stage: fc.constant('payload' as const),
    problem: fc.constantFrom('html', 'empty', 'truncated', 'schema', 'inputRequired', 'paginationLoop'),
    httpStatus: int,
  }),
  fc.record({ kind: fc.constant('rpcError' as const), stage: fc.constant('rpc' as const), rpc: rpcError }),
  fc.record(
    { kind: fc.constant('unexpected' as const), stage: fc.constantFrom<Stage>('policy', 'rpc'), errorCode: fc.string() },
    { requiredKeys: ['kind', 'stage'] },
  ),
);
const context: fc.Arbitrary<FailureContext> = fc.record(
  {
    method: fc.constantFrom(...METHODS),
    credentialsDeclared: fc.boolean(),
    credentialsSent: fc.boolean(),
    sessionSent: fc.boolean(),
    advertised: fc.boolean(),
    discoverRpcCode: int,
  },
  { requiredKeys: ['credentialsDeclared', 'credentialsSent', 'sessionSent'] },
);
const failure: fc.Arbitrary<Failure> = fc.tuple(context, fact).map(([about, what]) => ({ ...about, ...what }));

describe('any failure', () => {
  it('gets exactly one verdict, that of one row of the table, and classifying it never throws', () => {
    fc.assert(
      fc.property(failure, (given) => {
        const verdict = classifyOutcome({ kind: 'failed', failure: given });
        if (verdict.kind !== 'failing') return false;
        const { row, class: failureClass, reason, burst, settles, timedOut } = verdict;
        expect(Object.values(ROWS)).toContainEqual({ row, class: failureClass, reason, burst, settles, timedOut });
        expect(classifyOutcome({ kind: 'failed', failure: given })).toEqual(verdict);
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it('only transient verdicts burst or wait, and only permanent ones settle', () => {
    fc.assert(
      fc.property(failure, (given) => {
        const verdict = classifyOutcome({ kind: 'failed', failure: given });
        if (verdict.kind !== 'failing') return false;
        if (verdict.class !== 'Transient') expect([verdict.burst, verdict.retryAfterMs]).toEqual([false, undefined]);
        if (verdict.class !== 'Permanent') expect(verdict.settles).toBe(false);
        if (verdict.retryAfterMs !== undefined) expect(verdict.burst).toBe(false);
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it('E5: passes on no code that is on no list', () => {
    const known = /^(E[A-Z_]{2,40}|CERT_[A-Z_]+|ERR_SSL_[A-Z0-9_]+|HPE_[A-Z_]+)$/;
    fc.assert(
      fc.property(failure, (given) => {
        const verdict = classifyOutcome({ kind: 'failed', failure: given });
        return verdict.kind === 'failing' && (verdict.errorCode === undefined || known.test(verdict.errorCode));
      }),
      { numRuns: 2_000 },
    );
  });

  it('A3: whatever else it bears, a 401 or 407 is denied', () => {
    fc.assert(
      fc.property(context, rpcError, fc.constantFrom(...MARKS), fc.constantFrom(401, 407), (about, error, mark, status) => {
        expect(judge(http(status, { rpc: error, mark }), about).class).toBe('Denied');
      }),
    );
  });

  it('the verdict does not depend on facts that page 4 does not name', () => {
    fc.assert(
      fc.property(failure, fc.string(), (given, text) => {
        const plain = classifyOutcome({ kind: 'failed', failure: given });
        expect(
          classifyOutcome({
            kind: 'failed',
            failure: Object.assign({ url: `http://timeout/${text}`, body: `${text} timeout` }, given),
          }),
        ).toEqual(plain);
      }),
    );
  });
});
