import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/clock.ts';
import { createByteBudget } from '../../src/probe/byte-budget.ts';
import { DEFAULT_EGRESS_POLICY } from '../../src/probe/egress-policy.ts';
import { exchange } from '../../src/probe/exchange.ts';
import { createLifeline } from '../../src/probe/lifeline.ts';
import { LIMITS } from '../../src/probe/limits.ts';
import { type LineDeps, openLine } from '../../src/probe/line.ts';
import { createStopwatch } from '../../src/probe/stopwatch.ts';
import { createTarget } from '../../src/probe/target.ts';
import { until } from '../platform/until.ts';
import { modern, result } from './behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const spec = { probe: { timeoutSeconds: 1, deadlineSeconds: 10 }, retry: { attempts: 1 } };
const discovered = JSON.stringify({ jsonrpc: '2.0', id: 0, result: { supportedVersions: ['2026-07-28'], capabilities: {} } });
const ok = (body: string, headers = '') =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Probes a server that answers each connection with these bytes. */
async function answeredWith(bytes: string | Buffer, then: 'end' | 'reset' | 'keep' = 'end') {
  const server = await bed.serveRaw((socket) => {
    if (then === 'reset') {
      if (bytes.length === 0) socket.resetAndDestroy();
      else socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20));
    } else if (then === 'end') socket.end(bytes);
    else socket.write(bytes);
  });
  const report = await bed.probe({ url: server.url(), ...spec });
  await until(() => server.open() === 0, { what: 'the connection is closed' });
  return reasonOf(report);
}

describe('what comes over the wire', () => {
  it('a whole answer is taken', async () => {
    expect(await answeredWith(ok(discovered), 'keep')).toBe('Available');
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n', 'end', 'NotHTTP'],
    ['a reset', '', 'reset', 'ConnectionReset'],
    ['a close without a word', '', 'end', 'ConnectionReset'],
    ['a body that is cut off', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"jsonrpc"', 'end', 'IncompleteResponse'],
    ['a body that is reset', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"jsonrpc"', 'reset', 'IncompleteResponse'],
    [
      'a body without a length that is cut off',
      'HTTP/1.1 200 OK\r\n\r\n{"jsonrpc":"2.0","id":0,"res',
      'end',
      'IncompleteResponse',
    ],
    ['broken JSON of full length', ok('{"jsonrpc"', ''), 'end', 'NotMCPEndpoint'],
    ['a 503 whose body is cut off', 'HTTP/1.1 503 No\r\nContent-Length: 500\r\n\r\nupstr', 'end', 'ServerUnavailable'],
    ['a 503 whose body is reset', 'HTTP/1.1 503 No\r\nContent-Length: 500\r\n\r\nupstr', 'reset', 'ServerUnavailable'],
    ['a body that breaks HTTP', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'keep', 'NotHTTP'],
    ['a switch of protocols', 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', 'keep', 'NotMCPEndpoint'],
    ['a switch of protocols that names none', 'HTTP/1.1 101 X\r\n\r\n', 'keep', 'NotMCPEndpoint'],
    ['silence', '', 'keep', 'RequestTimeout'],
    ['a head without an end', 'HTTP/1.1 200 OK\r\nA: b\r\n', 'keep', 'RequestTimeout'],
    ['a body without an end', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{', 'keep', 'RequestTimeout'],
  ] as const)('%s', async (_name, bytes, then, reason) => {
    expect(await answeredWith(bytes, then)).toBe(reason);
  });

  it('ends its exchange, and not the process, when its reader throws', async () => {
    const server = await bed.serve(modern());
    const policy = { ...DEFAULT_EGRESS_POLICY, allowLoopback: true };
    const lifeline = createLifeline(systemClock, 5_000);
    const deps: LineDeps = {
      clock: systemClock,
      lifeline,
      stopwatch: createStopwatch(systemClock),
      budget: createByteBudget(),
      policy,
      resolve: async () => ({ kind: 'failed', errorCode: 'ENOTFOUND' }),
      tls: {},
      timeoutMs: 1_000,
    };
    const bug = new Error('a bug of ours');
    const fail = () => {
      throw bug;
    };
    const request = { method: 'GET', headers: ['Host', 'x'], timeoutMs: 1_000 } as const;
    for (const onHead of [fail, () => ({ write: fail })]) {
      const opened = await openLine(createTarget(new URL(server.url()), policy), deps);
      if (opened.kind !== 'opened') throw new Error(opened.kind);
      await expect(exchange(opened.line, deps, request, onHead)).rejects.toBe(bug);
      opened.line.close();
      await until(() => server.open() === 0, { what: 'the connection is closed' });
    }
    lifeline.close();
  });

  it('interim responses are passed over, a flood of them is a limit', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
    expect(await answeredWith(interim.repeat(LIMITS.interimResponses) + ok(discovered), 'keep')).toBe('Available');
    expect(await answeredWith(interim.repeat(LIMITS.interimResponses + 1) + ok(discovered), 'keep')).toBe('ResponseTooLarge');
  });

  it('a compressed answer is read although it was not asked for', async () => {
    const body = gzipSync(discovered);
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(await answeredWith(Buffer.concat([Buffer.from(head), body]), 'keep')).toBe('Available');
  });
});

describe('limits', () => {
  it('64 KiB of headers: far below is fine, beyond is too large', async () => {
    const filler = (bytes: number) => `X-Filler: ${'x'.repeat(bytes)}\r\n`;
    expect(await answeredWith(ok(discovered, filler(LIMITS.headerBytes - 1024)), 'keep')).toBe('Available');
    expect(await answeredWith(ok(discovered, filler(LIMITS.headerBytes)), 'keep')).toBe('ResponseTooLarge');
  });

  it('a body of 4 MiB is read, one byte more is too large', async () => {
    const padded = discovered + ' '.repeat(LIMITS.bodyBytes - discovered.length);
    expect(await answeredWith(ok(padded), 'keep')).toBe('Available');
    expect(await answeredWith(ok(`${padded} `), 'keep')).toBe('ResponseTooLarge');
  });

  it('a body is counted after decompression', async () => {
    const body = gzipSync(' '.repeat(64 * LIMITS.bodyBytes));
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(await answeredWith(Buffer.concat([Buffer.from(head), body]), 'keep')).toBe('ResponseTooLarge');
  });

  it('an error body is cut, and the status stays the verdict', async () => {
    const body = 'x'.repeat(8 * LIMITS.errorBodyBytes);
    expect(await answeredWith(`HTTP/1.1 502 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'keep')).toBe('ServerError');
  });

  it('a body without an end costs bounded memory and time', async () => {
    let sent = 0;
    const server = await bed.serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
      const pump = () => {
        do sent += chunk.length;
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pump);
      pump();
    });
    expect(reasonOf(await bed.probe({ url: server.url(), ...spec }))).toBe('ResponseTooLarge');
    await until(() => server.open() === 0, { what: 'the connection is closed' });
    // What the kernel buffers on both sides comes on top.
    expect(sent).toBeLessThan(4 * LIMITS.bodyBytes);
  });

  it.each(['application/json', 'text/event-stream'])(
    'what %s costs to parse is bounded for one probe, over its pages',
    async (type) => {
      // 10 lists of 6,000 objects, which cost two values each, and their commas: some 180,000 in 190 KB.
      const filler = Array.from({ length: 10 }, () => Array.from({ length: 6_000 }, () => ({})));
      const server = await bed.serve((seen, reply) => {
        if (seen.message?.method !== 'tools/list') return modern()(seen, reply);
        const text = JSON.stringify(result(seen, { tools: [], nextCursor: `c${server.requests.length}`, filler }));
        reply.writeHead(200, { 'Content-Type': type }).end(type === 'application/json' ? text : `data: ${text}\n\n`);
      });
      expect(reasonOf(await bed.probe({ url: server.url(), retry: { attempts: 1 } }))).toBe('ResponseTooLarge');
      // Two pages cost 23 MB, a third one more than the 32 MiB of a probe.
      expect(server.calls()).toEqual(['server/discover', 'tools/list', 'tools/list', 'tools/list']);
    },
  );

  it('all that one probe reads is bounded, over pages and in what frames a body', async () => {
    const filler = ' '.repeat(LIMITS.bodyBytes - 1024);
    const paged = await bed.serve(async (seen, reply) => {
      if (seen.message?.method !== 'tools/list') return modern()(seen, reply);
      const page = { tools: [], nextCursor: `c${paged.requests.length}` };
      reply.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result(seen, page)) + filler);
    });
    expect(reasonOf(await bed.probe({ url: paged.url(), retry: { attempts: 1 } }))).toBe('ResponseTooLarge');
    expect(paged.requests.length - 1).toBe(LIMITS.probeBytes / LIMITS.bodyBytes + 1);

    let sentBytes = 0;
    const framed = await bed.serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const chunk = `1;${'e'.repeat(8_000)}\r\n \r\n`;
      const pump = () => {
        do sentBytes += chunk.length;
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pump);
      pump();
    });
    expect(reasonOf(await bed.probe({ url: framed.url(), retry: { attempts: 1 } }))).toBe('ResponseTooLarge');
    expect(sentBytes).toBeLessThan(2 * LIMITS.probeBytes);
  });

  it.each([
    ['plain', '', ' ', LIMITS.pieces],
    // A header with a name that never ends: it unpacks to nothing.
    ['packed', 'Content-Encoding: gzip\r\n', 'n', LIMITS.pieces / LIMITS.packedPieces],
  ])('a body in pieces of one byte ends at a number of them, %s', async (_how, header, byte, most) => {
    const chunk = `1\r\n${byte}\r\n`.repeat(1_000);
    const server = await bed.serveRaw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${header}Transfer-Encoding: chunked\r\n\r\n`);
      if (header !== '') socket.write(Buffer.from('a\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff\r\n', 'latin1'));
      // Enough for the number alone: then it waits, and a probe without that bound for its deadline.
      let pieces = 0;
      const pump = () => {
        while (!socket.destroyed && pieces < most + 1_000 && socket.write(chunk)) pieces += 1_000;
      };
      socket.on('drain', () => {
        pieces += 1_000;
        pump();
      });
      pump();
    });
    const report = await bed.probe({ url: server.url(), probe: { timeoutSeconds: 10 }, retry: { attempts: 1 } });
    expect(reasonOf(report)).toBe('ResponseTooLarge');
  });

  it('a body that drips ends with the request’s time', async () => {
    const server = await bed.serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n');
      const drip = setInterval(() => socket.write(' '), 50);
      socket.on('close', () => clearInterval(drip));
    });
    const report = await bed.probe({ url: server.url(), ...spec });
    expect(reasonOf(report)).toBe('RequestTimeout');
    expect(report.verdict).toMatchObject({ stage: 'payload' });
    expect(report.durationMs).toBeLessThan(2000);
  });

  it('the deadline of the whole probe has its own reason', async () => {
    const server = await bed.serveRaw(() => {});
    const report = await bed.probe({ url: server.url(), probe: { timeoutSeconds: 10, deadlineSeconds: 1 } });
    expect(reasonOf(report)).toBe('ProbeTimeout');
    expect(report.durationMs).toBeLessThan(2000);
  });
});

it('stages are timed', async () => {
  const server = await bed.serve(modern());
  const { stageMs } = await bed.probe({ url: server.url() });
  expect(Object.keys(stageMs).sort()).toEqual(['connect', 'http', 'payload']);
});
