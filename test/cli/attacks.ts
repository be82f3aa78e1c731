/**
 * What a hostile server can send to make a probe large: one behaviour for each bound of page 3.7, and the JSON that costs most. Each writes
 * no faster than it is read, and ends when its connection does.
 */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Answers what arrived on `socket`, again for each request. */
export type Attack = (socket: Socket, request: string) => void;

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Writes `chunk` until `totalBytes` are sent or nobody reads any more. */
function pump(socket: Socket, chunk: Buffer, totalBytes: number): void {
  let sentBytes = 0;
  const more = () => {
    while (!socket.destroyed && sentBytes < totalBytes) {
      sentBytes += chunk.length;
      if (!socket.write(chunk)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

const MB = 1_000_000;
const fill = (text: string) => Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
const chunked = (text: string) => {
  const bytes = fill(text);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
};
const floods =
  (head: string, chunk: Buffer, totalBytes = 200 * MB): Attack =>
  (socket) => {
    socket.write(head);
    pump(socket, chunk, totalBytes);
  };
const drips =
  (head: string, piece: string): Attack =>
  (socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 50);
    socket.once('close', () => clearInterval(timer));
  };

/** Answers discovery, and then each list with a page of `items` that is never the last. */
function pages(items: string): Attack {
  const bytes = Buffer.from(items);
  let page = 0;
  return (socket, request) => {
    const id = /"id":(\d+)/.exec(request)?.[1] ?? '0';
    page += 1;
    const [before, after] = request.includes('server/discover')
      ? ['"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}', '']
      : ['"tools":[', `],"nextCursor":"c${page}"`];
    const middle = after === '' ? Buffer.alloc(0) : bytes;
    const head = Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{${before}`);
    const body = Buffer.concat([head, middle, Buffer.from(`${after}}}`)]);
    socket.write(`${OK}Content-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
  };
}

const tools = (count: number, schema: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `{"name":"t${index}","inputSchema":${schema(index)}}`).join(',');
const members = (count: number, member: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => member(index)).join(',');
/** Keys in no order, each only once. */
const key = (index: number) => `"${((index * 7_919) % 1_000_003).toString(36)}"`;

/** By what it is, with the reason that the probe gives. */
export const ATTACKS: Readonly<Record<string, readonly [reason: string, attack: Attack]>> = {
  'an error page of 200 MB': ['ServerError', floods('HTTP/1.1 500 No\r\nContent-Length: 200000000\r\n\r\n', fill('<p>'))],
  'a body without an end': ['ResponseTooLarge', floods(`${OK}Transfer-Encoding: chunked\r\n\r\n`, chunked(' '))],
  'a string of 100 MB': [
    'ResponseTooLarge',
    floods(`${OK}Content-Length: 100000010\r\n\r\n{"jsonrpc":"2.0","id":0,"result":"`, fill('x')),
  ],
  'a gzip bomb': [
    'ResponseTooLarge',
    (socket) => {
      const bomb = gzipSync(Buffer.alloc(50 * MB, ' '));
      socket.write(`${OK}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
  ],
  'JSON 100,000 deep': ['ResponseTooLarge', floods(`${OK}Content-Length: 131072\r\n\r\n`, Buffer.alloc(131_072, '['), 131_072)],
  'comments without an end': ['ResponseTooLarge', floods(STREAM, chunked(':\n'))],
  'an event without an end': ['ResponseTooLarge', floods(STREAM, chunked('data: x\n'))],
  'notifications without an end': [
    'ResponseTooLarge',
    floods(STREAM, chunked('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"a":[{},{},{},{}]}}\n\n')),
  ],
  'headers that drip': ['RequestTimeout', drips('HTTP/1.1 200 OK\r\n', 'X-A: b\r\n')],
  'a body that drips': ['RequestTimeout', drips(`${OK}Content-Length: 1000000\r\n\r\n`, ' ')],
  'interim answers without an end': ['ResponseTooLarge', floods('', fill('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'))],
  'a header of 1 MB': ['ResponseTooLarge', floods('HTTP/1.1 200 OK\r\nX-A: ', fill('x'), MB)],
  'garbage without an end': ['NotHTTP', floods('', fill('\x00\xff garbage '))],
  'pages without an end': ['ResponseTooLarge', pages('')],
  'pages of small objects': ['ResponseTooLarge', pages(tools(9, () => `{"a":[${members(10_000, () => '{"a":0}')}]}`))],
  'pages of objects of many shapes': [
    'ResponseTooLarge',
    pages(tools(9, (tool) => `{"a":[${members(10_000, (index) => `{${key(tool * 10_000 + index)}:0}`)}]}`)),
  ],
  'pages of objects with numbers for keys': [
    'ResponseTooLarge',
    pages(tools(9, () => `{"a":[${members(6_900, (index) => `{"5${index}":0}`)}]}`)),
  ],
  'pages of nested objects with small numbers for keys': [
    'ResponseTooLarge',
    pages(tools(9, () => `{"a":[${members(145, () => `${'{"34":'.repeat(50)}0${'}'.repeat(50)}`)}]}`)),
  ],
  'pages of objects with many keys': [
    'ResponseTooLarge',
    pages(tools(10, () => `{${members(9_500, (index) => `${key(index)}:{}`)}}`)),
  ],
  'pages of numbers': ['ResponseTooLarge', pages(tools(10, () => `{"a":[${members(19_000, () => '1e9')}]}`))],
  'pages of controls': [
    'ResponseTooLarge',
    pages(members(100, () => `{"name":"t","description":"${'\\u0001'.repeat(6_500)}","inputSchema":{}}`)),
  ],
  'pages of names of combining marks': ['ResponseTooLarge', pages(`{"name":"a${'\u0301\u0323'.repeat(MB)}","inputSchema":{}}`)],
};
