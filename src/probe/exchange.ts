/**
 * One HTTP exchange, bounded in time and bytes while it streams. It knows sockets, stages and deadlines, and nothing of MCP: the body
 * goes to a sink that the caller picks when the head is there. Every exit cancels the timer, frees the lifeline and, unless the answer
 * was complete, destroys the socket. It rejects for a bug of the reader's alone.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { ByteBudget } from './byte-budget.ts';
import { LIMITS } from './limits.ts';
import type { Line, LineDeps } from './line.ts';
import { describeNetworkError, isLocalShortage } from './network-error.ts';
import type { FailureFact } from './outcome.ts';

export interface ExchangeRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Names and values in turn, Host included. */
  readonly headers: readonly string[];
  readonly body?: string;
  /** From connect to last byte, or to where the body becomes `lasting`. */
  readonly timeoutMs: number;
}

export interface Head {
  readonly httpStatus: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Takes a body as it arrives. `enough`: the rest is not wanted. `lasting`: what the deadline was for is there, and the body goes on until
 * the peer, the lifeline or the closing of the line ends it. A fact ends the exchange as failed.
 */
export interface BodySink {
  /** The body is not wanted at all: the exchange need not wait for its first byte. */
  readonly skips?: true;
  write(chunk: Buffer): 'more' | 'enough' | 'lasting' | FailureFact;
}

export type Exchanged =
  /** The head went to `onHead`, the body to its sink. `truncated`: the peer went away in the middle of the body. */
  | { readonly kind: 'answered'; readonly ended: 'complete' | 'enough' | 'truncated' }
  /** `stale`: the connection had served a request before, and ended without one byte of this answer (RFC 9112, section 9.3.1). */
  | { readonly kind: 'failed'; readonly fact: FailureFact; readonly stale?: true }
  | { readonly kind: 'aborted' }
  /** We ran out of descriptors or memory: nothing was learned. */
  | { readonly kind: 'undecided' };

const ASCII = /^[\x00-\x7f]*$/;
const ENOUGH: Exchanged = { kind: 'answered', ended: 'enough' };

type Phase = 'connect' | 'tls' | 'http' | 'payload';

/** Sends `request` and feeds the answer to the sink of `onHead`. */
export function exchange(
  line: Line,
  deps: LineDeps,
  request: ExchangeRequest,
  onHead: (head: Head) => BodySink,
): Promise<Exchanged> {
  return new Promise((resolve, reject) => {
    const why = deps.lifeline.stopped();
    if (why !== undefined) {
      resolve(why === 'aborted' ? { kind: 'aborted' } : deadlineFact('connect', 'probe'));
      return;
    }
    let phase: Phase = 'connect';
    let settled = false;
    let success = false;
    const enter = (next: Phase) => {
      phase = next;
      deps.stopwatch.enter(next);
    };
    enter('connect');
    const req = line.request({ method: request.method, path: line.target.path, headers: request.headers });

    const end = (conclude: () => void, keepSocket: boolean) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      release();
      deps.stopwatch.stop();
      if (!keepSocket) req.destroy();
      conclude();
    };
    // A complete answer leaves its socket to the next request of this attempt.
    const settle = (result: Exchanged) => end(() => resolve(result), result.kind === 'answered' && result.ended === 'complete');
    // Thrown out of a socket's callback, a bug of the reader's would end the process.
    const guard = (read: () => void) => {
      try {
        read();
      } catch (error) {
        end(() => reject(error), false);
      }
    };
    let timer = deps.clock.setTimer(request.timeoutMs, () => settle(deadlineFact(phase, 'request')));
    const drain = () => {
      timer.cancel();
      timer = deps.clock.setTimer(LIMITS.drainMs, () => settle(ENOUGH));
    };
    const release = deps.lifeline.hold((stop) => settle(stop === 'aborted' ? { kind: 'aborted' } : deadlineFact(phase, 'probe')));

    watchConnection(req, line.target.secure, enter);
    watchInterim(req, settle);
    const isStale = watchReuse(req);
    const breakOff = (error: unknown) => {
      const result = networkFact(error, phase);
      settle(result.kind === 'failed' && isStale(result.fact) ? { ...result, stale: true } : result);
    };
    req.on('error', (error) => (phase === 'payload' ? settle(brokenBody(error, success)) : breakOff(error)));
    req.on('response', (res) => {
      enter('payload');
      const httpStatus = res.statusCode ?? 0;
      success = httpStatus >= 200 && httpStatus <= 299;
      guard(() => {
        const sink = onHead({ httpStatus, headers: res.headers });
        receive(res, sink, { budget: deps.budget, drain, relax: () => timer.cancel(), settle, guard });
      });
    });
    // Closed without an error of its own, before any answer.
    req.on('close', () => {
      if (!settled && phase !== 'payload') breakOff(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
    // Node joins headers to a body of text, one write for both, and encodes them alike: as UTF-8 it would break a credential that is not
    // ASCII. As Latin-1 the headers are right, and so is a body of ASCII; any other goes as bytes of its own.
    if (request.body === undefined) req.end();
    else if (ASCII.test(request.body)) req.end(request.body, 'latin1');
    else req.end(Buffer.from(request.body));
  });
}

function deadlineFact(stage: Phase, scope: 'request' | 'probe'): Exchanged {
  return { kind: 'failed', fact: { kind: 'deadline', stage, scope } };
}

function networkFact(error: unknown, phase: Phase): Exchanged {
  if (isLocalShortage(error)) return { kind: 'undecided' };
  return { kind: 'failed', fact: describeNetworkError(error, phase === 'payload' ? 'http' : phase) };
}

/**
 * The connection broke in the middle of a body: it is truncated, unless the peer broke the rules of HTTP. An answer that is not 2xx needs
 * no whole body.
 */
function brokenBody(error: unknown, success: boolean): Exchanged {
  const result = networkFact(error, 'payload');
  const broken = result.kind === 'failed' && result.fact.kind === 'network' && result.fact.errorCode.startsWith('HPE_');
  return success && broken ? result : { kind: 'answered', ended: 'truncated' };
}

/** Follows a fresh socket through its stages. A socket that is used again is past them. */
function watchConnection(req: ClientRequest, secure: boolean, enter: (next: Phase) => void): void {
  req.once('socket', (socket) => {
    if (!socket.connecting) {
      // Where the kernel has no route, connecting has failed by now.
      if (!socket.destroyed) enter('http');
      return;
    }
    socket.once('connect', () => enter(secure ? 'tls' : 'http'));
    if (secure) socket.once('secureConnect', () => enter('http'));
  });
}

/** What a peer's end of an idle connection looks like to a request that was just on its way. */
const ENDED_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** Tells of a failure whether it is the end of a connection that was used before and brought nothing since. */
function watchReuse(req: ClientRequest): (fact: FailureFact) => boolean {
  let socket: Socket | undefined;
  let startBytes = 0;
  req.once('socket', (given) => {
    socket = given;
    startBytes = given.bytesRead;
  });
  return (fact) =>
    fact.kind === 'network' && ENDED_CODES.has(fact.errorCode) && req.reusedSocket && socket?.bytesRead === startBytes;
}

/** Interim responses are answers to nothing: a few are passed over, a flood is a limit, a switch of protocols is a final status. */
function watchInterim(req: ClientRequest, settle: (result: Exchanged) => void): void {
  let count = 0;
  req.on('information', () => {
    count += 1;
    if (count > LIMITS.interimResponses) settle({ kind: 'failed', fact: { kind: 'limit', stage: 'http', limit: 'headers' } });
  });
  req.on('upgrade', (_res, socket) => {
    socket.destroy();
    settle({ kind: 'failed', fact: { kind: 'httpStatus', stage: 'http', httpStatus: 101, mark: 'none' } });
  });
}

/** What a body may do to its exchange. */
interface Reception {
  /** What the probe may still read. */
  readonly budget: ByteBudget;
  /** Allows the rest of the body a short time more. */
  drain(): void;
  /** Takes the deadline away. */
  relax(): void;
  settle(result: Exchanged): void;
  /** Makes what a sink throws the end of the exchange. */
  guard(read: () => void): void;
}

/** Moves the body to the sink until it ended, the sink has enough, or a bound is reached. */
function receive(res: IncomingMessage, sink: BodySink, { budget, drain, relax, settle, guard }: Reception): void {
  const body = decode(res);
  if (body === undefined) {
    settle(badEncoding(res));
    return;
  }
  let draining = sink.skips === true;
  let drained = 0;
  if (draining) drain();
  const finish = (result: Exchanged) => {
    // A decoder would go on unpacking what it holds already.
    if (body !== res) body.destroy();
    settle(result);
  };
  const breakOff = () => finish({ kind: 'answered', ended: draining ? 'enough' : 'truncated' });
  const meter = createMeter(res.socket);
  // False: the probe has read all that it may, and the exchange is over.
  const pay = (bytes: number, pieces: number) => {
    if (budget.takePieces(pieces) && budget.spend(meter(bytes))) return true;
    finish({ kind: 'failed', fact: { kind: 'limit', stage: 'payload', limit: 'probe' } });
    return false;
  };
  const take = (chunk: Buffer) => {
    if (!pay(chunk.length, body === res ? 1 : 0)) return;
    if (draining) {
      drained += chunk.length;
      if (drained > LIMITS.drainBytes) finish(ENOUGH);
      return;
    }
    const step = sink.write(chunk);
    if (step === 'more') return;
    if (step === 'lasting') {
      relax();
      return;
    }
    if (step !== 'enough') {
      finish({ kind: 'failed', fact: step });
      return;
    }
    // Most streams end with their answer; a short wait for that saves the next request a connection.
    draining = true;
    drain();
  };
  body.on('data', (chunk: Buffer) => guard(() => take(chunk)));
  body.on('end', () => finish({ kind: 'answered', ended: res.complete ? 'complete' : 'truncated' }));
  // `error` and `close` come for a peer that went away, and for a decoder that choked.
  res.on('error', breakOff);
  res.on('close', () => {
    if (!res.complete) breakOff();
  });
  if (body === res) return;
  body.on('error', () => finish(badEncoding(res)));
  // What a decoder swallows without a word is read all the same.
  res.on('data', () => pay(0, LIMITS.packedPieces));
}

/** Tells what a chunk adds to a body as we read it or as it came, whichever is more: chunk extensions and codings make them differ. */
function createMeter(socket: Socket): (bytes: number) => number {
  const startBytes = socket.bytesRead;
  let readBytes = 0;
  let toldBytes = 0;
  return (bytes) => {
    readBytes += bytes;
    const total = Math.max(readBytes, socket.bytesRead - startBytes);
    const added = total - toldBytes;
    toldBytes = total;
    return added;
  };
}

/** Without a 2xx the status alone decides, and its body need not be read. */
function badEncoding(res: IncomingMessage): Exchanged {
  const httpStatus = res.statusCode ?? 0;
  if (httpStatus < 200 || httpStatus > 299) return ENOUGH;
  return { kind: 'failed', fact: { kind: 'payload', stage: 'payload', problem: 'contentEncoding', httpStatus } };
}

/** We ask for `identity`; the common encodings are read all the same, chunk by chunk. Undefined: not known. */
function decode(res: IncomingMessage): Readable | undefined {
  const encoding = res.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return res;
  if (encoding === 'gzip' || encoding === 'x-gzip' || encoding === 'deflate') return res.pipe(createUnzip());
  return encoding === 'br' ? res.pipe(createBrotliDecompress()) : undefined;
}
