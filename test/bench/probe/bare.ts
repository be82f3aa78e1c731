/**
 * The least that a probe can cost with node:http: the requests that ours was seen to send, byte for byte, on one connection per probe, and
 * of the answers nothing but JSON.parse. It checks no status, bounds nothing, and waits for ever.
 */
import { Agent, request } from 'node:http';
import { type Contestant, TOOLS } from './contestant.ts';
import type { RecordedRequest, Setting } from './messages.ts';

interface Sending extends RecordedRequest {
  readonly hostname: string;
  readonly port: string;
}

export function createBare({ requests }: Setting): Contestant {
  const prepared = new Map<string, readonly Sending[]>();
  const prepare = (url: string, recorded: readonly RecordedRequest[]): readonly Sending[] => {
    const { hostname, port, host } = new URL(url);
    return recorded.map((each) => ({ ...each, hostname, port, headers: redirectTo(host, each.headers) }));
  };
  return {
    async visit(subject, url) {
      const key = `${subject} ${url}`;
      const sendings = prepared.get(key) ?? prepare(url, requests[subject] ?? []);
      prepared.set(key, sendings);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      let tools = 0;
      for (const sending of sendings) {
        const text = await send(sending, agent);
        if (text !== '') tools = countTools(JSON.parse(text));
      }
      agent.destroy();
      if (tools !== TOOLS) throw new Error('other tools than the server has');
    },
    async park(url, signal) {
      const [first] = prepare(url, requests.modern ?? []);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      signal.addEventListener('abort', () => agent.destroy(), { once: true });
      if (first !== undefined) await send(first, agent).catch(() => undefined);
    },
  };
}

/** Headers with another host. */
function redirectTo(host: string, headers: readonly string[]): string[] {
  return headers.map((value, index) => (index % 2 === 1 && headers[index - 1] === 'Host' ? host : value));
}

function send({ hostname, port, method, path, headers, body }: Sending, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function countTools(answer: { result?: { tools?: unknown } }): number {
  const tools = answer.result?.tools;
  return Array.isArray(tools) ? tools.length : 0;
}
