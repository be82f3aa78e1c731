/**
 * The floor of probes: `server/discover` and `tools/list` for every server over node:http, one connection per probe, no check beyond
 * JSON.parse. A process of its own, so that its first pass has cold code, as an operator that starts has. Task in by stdin, passes out.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { timePool } from '../pool.ts';
import { ProbeTask, reportPasses } from './task.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'floor', version: '1' },
};
const CALLS = ['server/discover', 'tools/list'].map((method, id) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: META } });
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
  };
  return { body, headers };
});

function post(url: string, agent: Agent, { body, headers }: (typeof CALLS)[number]): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`${url} does not answer`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

async function probe(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const call of CALLS) {
    const answer: unknown = JSON.parse(await post(url, agent, call));
    if (typeof answer !== 'object' || answer === null || !('result' in answer)) throw new Error(`${url} gave no result`);
  }
  agent.destroy();
}

const { urls, width, passes } = ProbeTask.parse(JSON.parse(await text(process.stdin)));
await reportPasses(passes, () => timePool(urls.length, width, (index) => probe(urls[index] ?? '')));
