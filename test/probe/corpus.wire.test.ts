/**
 * Every recorded answer of a real server or gateway, served over a socket and judged by the whole prober: the verdict must be the one that
 * stands in the corpus, as it is for the pure parts in `classify.test.ts`.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Recorded, readCorpus } from './corpus/corpus.ts';
import { replay } from './corpus/replay.ts';
import { dataObject } from './testbed.ts';
import { BEARER, runCases, type WireCase, type WireResult } from './wire/wire-case.ts';

const CORPUS = readCorpus();
let results: Map<Recorded, Promise<WireResult>>;

beforeAll(() => {
  results = runCases(new Map(CORPUS.map((recorded) => [recorded, caseOf(recorded)])));
});

function caseOf(recorded: Recorded): WireCase {
  const { request, verdict, name } = recorded;
  const { credentials, protocol, transport, path } = request;
  return {
    row: 0,
    signal: name,
    expected: verdict,
    attempts: 1,
    async run({ bed, probe }) {
      bed.secrets.set('token', dataObject({ t: 'tOken-mArk' }));
      const server = await bed.serve(replay(recorded));
      return probe({
        url: server.url(path),
        ...(credentials && { auth: BEARER }),
        ...(protocol && { protocol }),
        ...(transport && { transport }),
      });
    },
  };
}

describe('answers of real servers, over a socket', () => {
  it.each(CORPUS.map((recorded) => [`${recorded.name} → ${recorded.verdict}`, recorded] as const))(
    '%s',
    async (_name, recorded) => {
      const result = await results.get(recorded);
      expect([result?.verdict, result?.report.attempts]).toEqual([recorded.verdict, recorded.verdict.includes('burst') ? 3 : 1]);
    },
  );
});

it('the byte-real answers that page 4 names are all there', () => {
  const named: (readonly [string, (recorded: Recorded) => boolean])[] = [
    [
      'FastMCP, 401 with resource_metadata',
      ({ status, headers }) => status === 401 && /resource_metadata/.test(headers['www-authenticate'] ?? ''),
    ],
    ['FastMCP, 403 insufficient_scope', ({ status, body }) => status === 403 && body.includes('insufficient_scope')],
    [
      'FastMCP middleware, code 0',
      ({ status, body }) => status === 200 && body.includes('"code":0,"message":"Token has expired"'),
    ],
    ['server-everything', ({ status, body }) => status === 400 && body.includes('Server not initialized')],
    ['supergateway', ({ status, body }) => status === 404 && body.includes('-32601')],
    ['Playwright', ({ status, body }) => status === 403 && body.startsWith('Access is only allowed at')],
    ['Python SDK, host guard', ({ status, body }) => status === 421 && body === 'Invalid Host header'],
    ['Python SDK, session', ({ status, body }) => status === 404 && /-32600.*Session not found/.test(body)],
    ['Python SDK, redirect', ({ status, headers }) => status === 307 && headers['location'] === 'http://{host}/mcp'],
    ['Go SDK, discover', ({ status, body }) => status === 200 && body.includes('"supportedVersions":["2025-11-25"')],
    ['Go SDK, session', ({ status, body }) => status === 404 && body === 'session not found\n'],
    ['modern-only', ({ status, body, request }) => status === 400 && body.includes('-32022') && request.method === 'initialize'],
    ['Envoy, RBAC', ({ body }) => body === 'RBAC: access denied'],
    ['Envoy, no endpoint', ({ body }) => body === 'no healthy upstream'],
    ...[404, 502, 503].map(
      (code) => [`ingress ${code}`, ({ status, body }: Recorded) => status === code && body.startsWith('<html>')] as const,
    ),
    ['login page', ({ status, body }) => status === 200 && body.includes('Sign in')],
  ];
  expect(named.filter(([, fits]) => !CORPUS.some(fits)).map(([name]) => name)).toEqual([]);
});
