/**
 * Rows 35–51 of page 4: answers that are HTTP and no good MCP. Servers are healthy but for the one thing that the row is about.
 */
import { json, legacy, modern, respond, result, rpcError, TOOL } from '../behaviours.ts';
import type { Behaviour } from '../scripted-server.ts';
import { sse } from '../sse-behaviours.ts';
import { dataObject } from '../testbed.ts';
import { BODY_MARK } from './http-cases.ts';
import { BEARER, IMPATIENT, type SpecInput, type WireCase } from './wire-case.ts';

type Expectation = Pick<WireCase, 'row' | 'signal' | 'expected' | 'attempts'> & Partial<Pick<WireCase, 'stage' | 'says'>>;

/** A server with a behaviour, made for each case anew. */
const served = (expectation: Expectation, behave: () => Behaviour, spec: SpecInput = {}): WireCase => ({
  ...expectation,
  async run({ bed, probe }) {
    bed.secrets.set('token', dataObject({ t: 'tOken-mArk' }));
    const server = await bed.serve(behave());
    return probe({ url: server.url(), ...spec });
  },
});

/** A healthy server that answers one method in its own way. */
const but = (inner: () => Behaviour, method: string, behaviour: Behaviour) => (): Behaviour => {
  const healthy = inner();
  return (seen, reply) => (seen.message?.method === method ? behaviour : healthy)(seen, reply);
};
const LEGACY = () => legacy().behaviour;
const answer =
  (value: unknown): Behaviour =>
  (seen, reply) =>
    json(reply, 200, result(seen, value));
const refuse =
  (httpStatus: number, code: number, message = BODY_MARK, data?: unknown): Behaviour =>
  (seen, reply) =>
    json(reply, httpStatus, rpcError(seen, code, message, data));
const JSON_TYPE = { 'Content-Type': 'application/json' };

const permanent = (row: number, signal: string, reason: string, stage: WireCase['stage']): Expectation => ({
  row,
  signal,
  expected: `Permanent ${reason}`,
  attempts: 1,
  ...(stage === undefined ? {} : { stage }),
});

const LOST: Omit<Expectation, 'signal'> = { row: 36, expected: 'Transient SessionLost, burst', attempts: 3, stage: 'session' };
const CUT: Omit<Expectation, 'signal'> = {
  row: 41,
  expected: 'Transient IncompleteResponse, burst',
  attempts: 3,
  stage: 'payload',
};
const stream =
  (text: string): Behaviour =>
  (_seen, reply) =>
    void reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(text);

const PLACES: WireCase[] = [
  ...[404, 410].map((code) =>
    served(permanent(35, `HTTP ${code} everywhere`, 'EndpointNotFound, settles', 'http'), () => respond(code, BODY_MARK)),
  ),
  served({ ...LOST, signal: '404 with our session' }, but(LEGACY, 'tools/list', respond(404, BODY_MARK))),
  served({ ...LOST, signal: '400 with our session' }, but(LEGACY, 'tools/list', respond(400, 'No valid session ID provided'))),
  served({ ...LOST, signal: 'a text in a 200' }, but(LEGACY, 'tools/list', respond(200, 'Session not found'))),
  served({ ...LOST, signal: 'an error in a 200' }, but(LEGACY, 'tools/list', refuse(200, -32001, 'Session not found'))),
  served(permanent(37, 'HTTP 405 to POST and GET', 'MethodNotAllowed, settles', 'http'), () => respond(405, BODY_MARK)),
  served(permanent(38, 'HTTP 400 without MCP shape', 'BadRequest', 'http'), () => respond(400, BODY_MARK)),
  ...[406, 411, 413, 414, 415, 417, 422, 426, 431, 418, 499].map((code) =>
    served(permanent(39, `HTTP ${code}`, 'RequestRejected', 'http'), () => respond(code, BODY_MARK)),
  ),
  ...(
    [
      ['a login page', respond(200, `<!doctype html><title>${BODY_MARK}</title>`, { 'Content-Type': 'text/html' })],
      ['an empty body', respond(200, '', JSON_TYPE)],
      ['HTTP 202', respond(202)],
      ['HTTP 204', respond(204)],
      ['a text', respond(200, BODY_MARK, { 'Content-Type': 'text/plain' })],
      ['JSON of another kind', respond(200, `{"hello":"${BODY_MARK}"}`, JSON_TYPE)],
      ['broken JSON of full length', respond(200, '{"jsonrpc"', { ...JSON_TYPE, 'Content-Length': '10' })],
      ['status 600', respond(600, BODY_MARK)],
    ] as const
  ).map(([signal, behaviour]) =>
    served(permanent(40, signal, 'NotMCPEndpoint, settles', signal === 'status 600' ? 'http' : 'payload'), () => behaviour),
  ),
  {
    ...permanent(40, 'a switch of protocols', 'NotMCPEndpoint, settles', 'http'),
    async run({ bed, probe }) {
      const server = await bed.serveRaw(
        (socket) => void socket.write('HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      );
      return probe({ url: server.url() });
    },
  },
];

const tooLarge = (signal: string, stage: 'http' | 'payload', behave: () => Behaviour): WireCase =>
  served({ row: 42, signal, expected: 'Permanent ResponseTooLarge', attempts: 1, stage }, behave);

/** Pages without an end: each names a next one. */
const endless = (cursorOf: (page: number) => string) => (): Behaviour => {
  let page = 0;
  const healthy = modern();
  return (seen, reply) => {
    if (seen.message?.method !== 'tools/list') return healthy(seen, reply);
    page += 1;
    return answer({ tools: [], nextCursor: cursorOf(page), resultType: 'complete' })(seen, reply);
  };
};

const BODIES: WireCase[] = [
  served({ ...CUT, signal: 'a body that is cut off' }, () => (_seen, reply) => {
    reply.writeHead(200, { ...JSON_TYPE, 'Content-Length': '500' }).write('{"jsonrpc"', () => reply.destroy());
  }),
  served({ ...CUT, signal: 'broken JSON in a stream' }, () => stream('data: {"jsonrpc":"2.0","id":\n\n')),
  served({ ...CUT, signal: 'a stream that ends without the answer' }, () => stream(': nothing\n\n')),
  tooLarge('a header of 100 KB', 'http', () => respond(200, '{}', { 'X-Large': 'x'.repeat(100_000) })),
  tooLarge('a body of 5 MiB', 'payload', () => respond(200, ' '.repeat(5 * 2 ** 20), JSON_TYPE)),
  tooLarge('JSON 65 deep', 'payload', () => respond(200, `${'['.repeat(65)}${']'.repeat(65)}`, JSON_TYPE)),
  tooLarge(
    'pages without an end',
    'payload',
    endless((page) => `c${page}`),
  ),
  served(
    permanent(43, 'the same cursor twice', 'PaginationLoop', 'payload'),
    endless(() => 'again'),
  ),
];

const reported = (signal: string, behave: () => Behaviour): WireCase =>
  served({ row: 44, signal, expected: 'Transient ServerReportedError', attempts: 1, stage: 'rpc' }, behave);

const ERRORS: WireCase[] = [
  reported('−32603 to a list', but(modern, 'tools/list', refuse(200, -32603))),
  reported('−32000 to everything', () => refuse(400, -32000)),
  reported('a code beyond int32', but(modern, 'tools/list', refuse(200, 2 ** 40))),
  reported('a text that would be row 50 on a list', () => refuse(200, -32000, 'Unauthorized')),
  served(permanent(45, '−32601 to everything', 'ProtocolError', 'rpc'), () => refuse(200, -32601)),
  served(permanent(45, '−32601 to everything, in a 404', 'ProtocolError', 'rpc'), () => refuse(404, -32601)),
  served(permanent(45, '−32601 to an advertised list', 'ProtocolError', 'rpc'), but(modern, 'tools/list', refuse(200, -32601))),
  served(permanent(46, '−32022 without a version of ours', 'UnsupportedProtocolVersion', 'rpc'), () =>
    refuse(400, -32022, BODY_MARK, { supported: ['2099-01-01'] }),
  ),
  served(
    permanent(46, 'a version of its own to initialize', 'UnsupportedProtocolVersion', 'rpc'),
    () => legacy({ version: '2099-01-01' }).behaviour,
  ),
  served(permanent(47, '−32020, and initialize fails too', 'HeaderMismatch', 'rpc'), () => refuse(400, -32020)),
  served(permanent(48, '−32021', 'ClientCapabilityRequired', 'rpc'), () => refuse(400, -32021)),
  served(
    permanent(48, 'input_required on a list', 'ClientCapabilityRequired', 'payload'),
    but(modern, 'tools/list', answer({ resultType: 'input_required', inputRequests: {} })),
  ),
];

const MISFITS: WireCase[] = [
  served(
    permanent(49, 'a list that is none', 'InvalidResponse', 'payload'),
    but(modern, 'tools/list', answer({ tools: 7, resultType: 'complete' })),
  ),
  served(permanent(49, 'an answer to another question', 'InvalidResponse', 'payload'), () => (seen, reply) => {
    json(reply, 200, { ...(result(seen, {}) as object), id: 77 });
  }),
  served(permanent(49, 'an unknown Content-Encoding', 'InvalidResponse', 'payload'), () =>
    respond(200, BODY_MARK, { ...JSON_TYPE, 'Content-Encoding': 'zstd' }),
  ),
  served(permanent(49, 'a broken Content-Encoding', 'InvalidResponse', 'payload'), () =>
    respond(200, BODY_MARK, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }),
  ),
  served(
    permanent(49, 'an endpoint event of another origin', 'InvalidResponse', 'payload'),
    () => sse({ endpoint: () => 'http://127.0.0.9/message' }).behaviour,
    { transport: 'SSE', probe: IMPATIENT },
  ),
  ...[0, -32001, -32002, -32003].map((code) =>
    served(
      {
        row: 50,
        signal: `a list refused in words, code ${code}`,
        expected: 'Denied AuthenticationRequired',
        attempts: 1,
        stage: 'rpc',
      },
      but(LEGACY, 'tools/list', refuse(200, code, 'Missing Authorization header')),
    ),
  ),
  served(
    {
      row: 50,
      signal: 'a token refused in words',
      expected: 'Denied CredentialsRejected',
      attempts: 1,
      stage: 'rpc',
      says: 'Secret "token", key "t"',
    },
    but(LEGACY, 'tools/list', refuse(200, -32603, 'Token has expired', { status: 401 })),
    { auth: BEARER },
  ),
  served({ row: 51, signal: 'no templates behind resources', expected: 'Available', attempts: 1 }, () =>
    modern({
      capabilities: { tools: {}, resources: {} },
      lists: { 'tools/list': { tools: [TOOL] }, 'resources/list': { resources: [] } },
    }),
  ),
];

/** The cases of these rows. */
export const MCP_CASES: readonly WireCase[] = [...PLACES, ...BODIES, ...ERRORS, ...MISFITS];
