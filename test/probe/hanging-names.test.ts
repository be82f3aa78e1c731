/**
 * Names whose look-ups hang, end to end: in a process of its own, whose threads are really held. A pipe that nobody writes to holds a thread
 * as a silent DNS server does, and does so everywhere; the silent server itself is in `dns.wire.test.ts`.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../platform/until.ts';
import { modern } from './behaviours.ts';
import { type ChildProber, startHeldProber } from './child-prober.ts';
import { type Scripted, startServer } from './scripted-server.ts';

/** 16 threads: 8 places, of which new names have 6 and names that hung 2. */
const THREADS = 16;
const HANGING = Array.from({ length: 40 }, (_, index) => `http://hang-${index}.example/mcp`);

let folder: string;
let fifo: string;
let server: Scripted;
let child: ChildProber;
let healthy: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hanging-'));
  fifo = path.join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  server = await startServer(modern());
  healthy = `http://good.example:${server.port}/mcp`;
  child = startHeldProber(fifo, THREADS);
});
afterAll(async () => {
  await child.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

const hangs = (names: readonly string[]) => names.filter((name) => name.startsWith('hang'));

describe('forty names that hang, in a pool of sixteen threads', () => {
  it('A5: delay no server whose name answered before, hold half of the threads at most, and are looked up once each', async () => {
    expect((await child.round([healthy])).probes).toMatchObject([{ reason: 'Available' }]);
    // They begin, twice each, and nobody waits for them.
    const begun = await child.round([...HANGING, ...HANGING], { settled: false, timeoutSeconds: 2 });
    expect(hangs(begun.begun)).toEqual(
      ['hang-0', 'hang-1', 'hang-2', 'hang-3', 'hang-4', 'hang-5'].map((name) => `${name}.example`),
    );
    expect(begun.fileMs).toBeLessThan(500);

    const beside = await child.round(Array.from({ length: 20 }, () => healthy));
    expect(new Set(beside.probes.map(({ reason }) => reason))).toEqual(new Set(['Available']));
    for (const { durationMs } of beside.probes) expect(durationMs).toBeLessThan(1_000);
    expect(beside.fileMs).toBeLessThan(500);
    expect(hangs(beside.begun).length).toBe(6);
  });

  it('get a verdict when they were asked for, and none when they never had their turn; a second round holds no more threads', async () => {
    const again = await child.round(HANGING, { timeoutSeconds: 1 });
    const told = again.probes.map(({ reason, stage }) => [reason, stage].join(' ').trim());
    expect(told.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'DNSLookupFailed resolve'));
    expect(told.slice(6)).toEqual(Array.from({ length: 34 }, () => 'undecided'));
    expect(hangs(again.begun).length).toBe(6);
  });

  it('once they gave their threads back, have a quarter of the places, and a new name goes before them', async () => {
    const writer = openSync(fifo, constants.O_RDWR);
    const before = await until(
      async () => {
        const told = await child.round([]);
        return told.held === 0 ? told : undefined;
      },
      { what: 'the threads are free' },
    );
    closeSync(writer);
    const wave = await child.round(HANGING.slice(0, 6), { settled: false, timeoutSeconds: 1 });
    expect(hangs(wave.begun).length - hangs(before.begun).length).toBe(2);
    const fresh = await child.round([`http://new.example:${server.port}/mcp`]);
    expect(fresh.probes).toMatchObject([{ reason: 'Available', attempts: 1 }]);
  });
});
