/**
 * A DNS server (RFC 1035) on an address of 127.0.0.0/8 and port 53, where the system's resolver looks for one. The first label of a name says
 * what becomes of it: `servfail`, `refused`, `nxdomain`, `nodata`, `silent`; any other name is 127.0.0.1. It keeps the names it was asked.
 */
import dgram from 'node:dgram';

export interface DNSServer {
  readonly address: string;
  /** Names as asked, lower case, one for each packet. */
  readonly asked: string[];
  close(): Promise<void>;
}

const RCODE: Readonly<Record<string, number>> = { servfail: 2, nxdomain: 3, refused: 5 };
const HEADER_BYTES = 12;
const TYPE_A = 1;

/** Starts one; rejects where port 53 may not be bound. */
export async function startDNSServer(): Promise<DNSServer> {
  const asked: string[] = [];
  const socket = dgram.createSocket('udp4');
  // Test runs beside each other have different addresses.
  const address = `127.77.${process.pid % 250}.${1 + (Math.floor(process.pid / 250) % 250)}`;
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, address, resolve);
  });
  socket.on('message', (query, { port, address: from }) => {
    const { name, end } = readName(query);
    asked.push(name);
    const [label = ''] = name.split('.');
    if (label.startsWith('silent')) return;
    socket.send(answer(query, end, label), port, from);
  });
  return {
    address,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** The name of the only question, and where its type stands. */
function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function answer(query: Buffer, end: number, label: string): Buffer {
  const head = Buffer.from(query.subarray(0, end + 4));
  const found = RCODE[label] === undefined && label !== 'nodata' && query.readUInt16BE(end) === TYPE_A;
  // A response with recursion, and counts of answers, authorities and additions.
  head.writeUInt16BE(0x8180 | (RCODE[label] ?? 0), 2);
  head.writeUInt16BE(found ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  if (!found) return head;
  // A pointer to the name, type A, class IN, for a minute, four bytes.
  return Buffer.concat([head, Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1])]);
}
