/**
 * Preloaded into an operator (`NODE_OPTIONS=--import`): a look-up of any name below `hang.test` occupies a thread of libuv's pool for
 * ever, as getaddrinfo does while a name server is silent. The thread really is in a system call: it opens the FIFO that TEST_HANGING_FIFO
 * names, which nobody writes to; a file beside it, `.count`, grows by a byte for each. All other names go to the system's resolver.
 */
import dns from 'node:dns';
import { appendFileSync, open } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const fifo = process.env['TEST_HANGING_FIFO'] ?? '';
const lookup = dns.lookup;

function hangOrLookUp(host: string, ...rest: unknown[]): void {
  if (!host.endsWith('.hang.test')) Reflect.apply(lookup, dns, [host, ...rest]);
  else {
    appendFileSync(`${fifo}.count`, '.');
    open(fifo, 'r', () => undefined);
  }
}

Object.assign(dns, { lookup: hangOrLookUp });
syncBuiltinESMExports();
