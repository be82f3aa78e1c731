/**
 * Sends the requests of one attempt over HTTP and follows the few redirects that may be followed, keeping to where they led. It adds the
 * headers that every request bears; which transport speaks over it, and what answers mean, is the caller's business.
 */
import { ignoreBody } from './body.ts';
import type { Call, Ended } from './conversation.ts';
import { type BodySink, type Exchanged, exchange, type Head } from './exchange.ts';
import { failed } from './http-answer.ts';
import { LIMITS } from './limits.ts';
import { type Line, type LineDeps, openLine } from './line.ts';
import { judgeRedirect } from './redirect.ts';
import { exchangeRepeatable } from './repeatable-exchange.ts';
import { createTarget, type Target } from './target.ts';

export interface SenderDeps extends LineDeps {
  readonly target: Target;
  /** Declared headers, names and values in turn. */
  readonly headers: readonly string[];
  readonly userAgent: string;
}

/** One HTTP request, without the headers that all have. It may arrive twice, unless it says `once`. */
export interface Message {
  readonly method: 'POST' | 'GET';
  readonly headers: readonly string[];
  readonly body?: string;
  /** Default: both forms of an answer that Streamable HTTP knows. */
  readonly accept?: string;
  /** Never sent again, neither on a fresh connection nor to where a redirect leads: it may have had its effect. */
  readonly once?: true;
}

export type Sent =
  | { readonly kind: 'answered'; readonly head: Head; readonly ended: 'complete' | 'enough' | 'truncated' }
  | Ended;

export interface HTTPSender {
  /** Sends `message`, following redirects; the sink that `pick` chooses gets the body of the answer. */
  send(call: Call, message: Message, pick: (head: Head) => BodySink): Promise<Sent>;
  /** Where requests go by now; undefined before the first connection. */
  line(): Line | undefined;
  /** Ends the socket, and with it what is under way. The next request connects anew. */
  close(): void;
}

/** Opens no connection before the first request. */
export function createHTTPSender(deps: SenderDeps): HTTPSender {
  let target = deps.target;
  let line: Line | undefined;
  let closes = 0;

  /** Connects where the server's redirects led so far. */
  const reach = async (call: Call, closesBefore: number): Promise<Line | Ended> => {
    if (line !== undefined) return line;
    const opened = await openLine(target, deps);
    if (opened.kind === 'aborted' || opened.kind === 'undecided') return opened;
    if (opened.kind === 'failed') return failed(call, opened.fact);
    // Closed while the name was looked up, which nothing can stop: the line would belong to nobody.
    if (closes !== closesBefore) return failed(call, { kind: 'network', stage: 'connect', errorCode: 'ECONNRESET' });
    line = opened.line;
    return line;
  };

  const send = async (call: Call, message: Message, pick: (head: Head) => BodySink): Promise<Sent> => {
    const closesBefore = closes;
    for (let redirects = 0; ; redirects += 1) {
      const reached = await reach(call, closesBefore);
      if ('kind' in reached) return reached;
      let head: Head | undefined;
      const ended: Exchanged = await (message.once ? exchange : exchangeRepeatable)(
        reached,
        deps,
        {
          ...message,
          headers: [...commonHeaders(reached.target, deps, message.accept), ...message.headers],
          timeoutMs: deps.timeoutMs,
        },
        (received) => {
          head = received;
          return isRedirect(received) ? ignoreBody : pick(received);
        },
      );
      if (ended.kind === 'aborted' || ended.kind === 'undecided') return ended;
      if (ended.kind === 'failed') return failed(call, ended.fact);
      if (head === undefined) return failed(call, { kind: 'unexpected', stage: 'http' });
      if (!isRedirect(head)) return { kind: 'answered', head, ended: ended.ended };
      const { httpStatus } = head;
      if (message.once) return failed(call, { kind: 'redirect', stage: 'http', httpStatus, why: 'method' });
      // Joined, not resolved: a path such as `//other.example/` resolves to another host.
      const judged = judgeRedirect(httpStatus, head.headers.location, new URL(target.origin + target.path));
      const why = judged.kind === 'refuse' ? judged.why : redirects === LIMITS.redirects ? 'tooMany' : undefined;
      if (judged.kind === 'refuse' || why !== undefined) {
        return failed(call, { kind: 'redirect', stage: 'http', httpStatus, why: why ?? 'tooMany' });
      }
      target = createTarget(judged.url, deps.policy);
      if (target.origin === reached.target.origin) {
        line = { ...reached, target };
      } else {
        reached.close();
        line = undefined;
      }
    }
  };

  return {
    send,
    line: () => line,
    close() {
      closes += 1;
      line?.close();
      line = undefined;
    },
  };
}

function isRedirect(head: Head): boolean {
  return head.httpStatus >= 300 && head.httpStatus <= 399;
}

/** Headers of every request. */
export function commonHeaders(
  target: Target,
  deps: Pick<SenderDeps, 'userAgent' | 'headers'>,
  accept = 'application/json, text/event-stream',
): readonly string[] {
  return [
    'Host',
    target.authority,
    'User-Agent',
    deps.userAgent,
    'Accept',
    accept,
    'Accept-Encoding',
    'identity',
    ...deps.headers,
  ];
}
