/**
 * Scenario `latency`: from an edit to its verdict. An edit switches the object to another healthy server; its latency is the time from
 * the API server's answer to the PATCH until the watch shows a verdict on that generation. Once while the operator is idle, once while
 * the probes of all objects are due: the operator is paused for longer than their period, so that all come due at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { API } from './api.ts';
import type { BenchOptions } from './arguments.ts';
import { sumSeries } from './exposition.ts';
import { COLLECTION, declare, METADATA_ONLY } from './fleet.ts';
import { reportLatency } from './latency-report.ts';
import type { Report } from './report.ts';
import { type SettledFleet, settleFleet, startFleet } from './settled-fleet.ts';
import { openSite, type Site, type SiteDeps } from './site.ts';
import { isAvailable, type VerdictWatch } from './verdict-watch.ts';
import { warmUp } from './warm-up.ts';

export interface LatencyData {
  /** Of each edit, milliseconds. */
  readonly idleMs: readonly number[];
  readonly backlogMs: readonly number[];
  /** Keys that were due and waited right before each edit under the backlog, as the operator tells. */
  readonly depths: readonly number[];
  /** How often all objects were made due. */
  readonly rounds: number;
}

/** Servers that objects are switched to: enough that no two edits at once meet the limit per host, eight. */
const SPARES = 64;
const IDLE_EVERY_MS = 100;
const BACKLOG_EVERY_MS = 50;
/** Nobody is due while the edits are timed. */
const LONG = { probe: { periodSeconds: 3_600 } };
const SHORT_SECONDS = 10;
const SHORT = { probe: { periodSeconds: SHORT_SECONDS } };
/** Ten per cent of jitter, and a second for the probes that were under way. */
const PAUSE_MS = SHORT_SECONDS * 1_100 + 1_000;
/** With few objects a backlog is gone before many edits were made: 2.5 minutes in all. */
const MAX_ROUNDS = 12;
/** The queue's timer fires in the first moments after the pause. */
const MAX_EMPTY_LOOKS = 20;
const CALM_MS = 2_000;
/** Series of single objects would make a scrape of 10,000 a load of its own. */
const FLAGS = ['--object-metrics=false'];

export async function runLatency(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, edits } = options;
  const site = await openSite(deps, n + SPARES, options);
  deps.say('warming up');
  await warmUp(site);
  deps.say(`idle: ${n} objects, ${edits} edits`);
  const idle = await settleFleet(site, declare(site.farm, n, LONG), { flags: FLAGS });
  let idleMs: number[];
  try {
    await sleep(CALM_MS);
    idleMs = await idle.with(timeEdits(createEdits(site, idle), edits, IDLE_EVERY_MS));
  } finally {
    await idle.close();
  }
  deps.say(`backlog: ${n} objects that come due every ${SHORT_SECONDS} s`);
  const busy = await startFleet(site, declare(site.farm, n, SHORT), { flags: FLAGS, isProfiled: true });
  try {
    const backlog = await busy.with(timeUnderBacklog(busy, createEdits(site, busy), options, deps));
    return reportLatency({ idleMs, ...backlog }, options);
  } finally {
    await busy.close();
  }
}

/** Makes the next edit and resolves with its latency, ms. */
type Edit = () => Promise<number>;

/** Edits of one object after the other, each to a spare server or back to its own. */
function createEdits({ api, farm }: Site, { names, watch }: SettledFleet): Edit {
  let made = 0;
  return () => {
    const index = made % names.length;
    const isBack = Math.floor(made / names.length) % 2 === 1;
    const url = isBack ? farm.urls[index] : farm.urls[names.length + (made % SPARES)];
    made++;
    return edit(api, watch, names[index] ?? '', { url });
  };
}

const Patched = z.object({ metadata: z.object({ generation: z.int() }) });

async function edit(api: API, watch: VerdictWatch, name: string, spec: object): Promise<number> {
  const path = `${COLLECTION}/${name}`;
  const answer = await api.call({ method: 'PATCH', path, body: JSON.stringify({ spec }), accept: METADATA_ONLY });
  const answeredMs = performance.now();
  const { generation } = Patched.parse(JSON.parse(answer)).metadata;
  const isVerdict = (sighting: Parameters<typeof isAvailable>[0]) =>
    sighting.observedGeneration === generation && isAvailable(sighting);
  const verdictMs = await watch.whenAll([name], isVerdict, `judged in generation ${generation}`);
  // The watch may be faster than the answer to the edit itself.
  return Math.max(0, verdictMs - answeredMs);
}

/** Edits at a steady pace, whether earlier ones are judged or not: one slow verdict hides no other. */
async function timeEdits(next: Edit, count: number, everyMs: number): Promise<number[]> {
  const running: Promise<number>[] = [];
  for (let made = 0; made < count; made++) {
    running.push(collect(next()));
    await sleep(everyMs);
  }
  return Promise.all(running);
}

/** A rejection is told when all are awaited, and not before. */
function collect(running: Promise<number>): Promise<number> {
  running.catch(() => undefined);
  return running;
}

async function timeUnderBacklog(
  { operator }: SettledFleet,
  next: Edit,
  { n, edits }: BenchOptions,
  { say }: SiteDeps,
): Promise<Omit<LatencyData, 'idleMs'>> {
  const readDepth = async () => sumSeries(await operator.scrape(), 'workqueue_depth');
  const running: Promise<number>[] = [];
  const depths: number[] = [];
  let rounds = 0;
  while (rounds < MAX_ROUNDS && running.length < edits) {
    rounds++;
    say(`backlog, round ${rounds}: ${running.length} of ${edits} edits, ${n} objects come due`);
    operator.signal('SIGSTOP');
    await sleep(PAUSE_MS);
    operator.signal('SIGCONT');
    let emptyLooks = 0;
    let hasBegun = false;
    while (running.length < edits && emptyLooks < MAX_EMPTY_LOOKS) {
      const depth = await readDepth();
      if (depth > 0) {
        hasBegun = true;
        depths.push(depth);
        running.push(collect(next()));
        await sleep(BACKLOG_EVERY_MS);
      } else if (hasBegun) break;
      else {
        emptyLooks++;
        await sleep(BACKLOG_EVERY_MS / 10);
      }
    }
    // The next pause must not fall into a latency.
    await Promise.all(running);
  }
  return { backlogMs: await Promise.all(running), depths, rounds };
}
