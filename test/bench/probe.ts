/**
 * Scenario `probe`: what one probe costs in CPU against a bare loop over node:http that sends the same bytes and against the client of the
 * official SDK, what credentials add, and what a probe holds while its server says nothing. It needs no control plane.
 *
 * Each way of probing has a process of its own; the servers live in yet another one. Rounds are interleaved, every other one in reverse
 * order, so that what else the machine does meets all ways alike.
 */
import type { BenchOptions } from './arguments.ts';
import { openCPUAccount } from './cpu-account.ts';
import { type Farm, startFarm } from './farm/farm.ts';
import { type Backends, startBackends } from './probe/backends.ts';
import type { Setting, Subject, Weight } from './probe/messages.ts';
import { readRequests, recordRequests, withoutPort } from './probe/recorder.ts';
import { startWorker, type Way, type Worker } from './probe/worker.ts';
import { reportProbe } from './probe-report.ts';
import type { Report } from './report.ts';
import type { SiteDeps } from './site.ts';

/** What one way of probing one subject took. */
export interface Lap {
  readonly way: Way;
  readonly subject: Subject;
}

/** In the order of a round. */
export const LAPS = [
  { way: 'bare', subject: 'modern' },
  { way: 'ours', subject: 'modern' },
  { way: 'sdk', subject: 'modern' },
  { way: 'ours', subject: 'bearer' },
  { way: 'ours', subject: 'apiKey' },
  { way: 'ours', subject: 'oauth' },
  { way: 'ours', subject: 'bearerFetched' },
  { way: 'bare', subject: 'legacy' },
  { way: 'ours', subject: 'legacy' },
  { way: 'sdk', subject: 'legacy' },
] as const satisfies readonly Lap[];

/** CPU of one probe in milliseconds, by {@link lapName}. */
export type Round = Readonly<Record<string, number>>;

/** What many parked probes hold, and what the same process holds without them. */
export interface Parking {
  readonly probes: number;
  readonly without: Weight;
  readonly parked: Weight;
}

export interface ProbeData {
  readonly rounds: readonly Round[];
  /** Requests and connections of one probe. */
  readonly traffic: Readonly<Record<string, { readonly requests: number; readonly connections: number }>>;
  readonly parkings: Readonly<Record<'ours' | 'bare', readonly Parking[]>>;
  /** Cores that nothing of ours kept busy during the rounds of each run; NaN where the kernel does not tell. */
  readonly foreignCores: readonly number[];
}

export function lapName({ way, subject }: Lap): string {
  return `${way} ${subject}`;
}

/** A fleet of 10,000 servers, each probed every 300 s and 0.2 s away, keeps about so many probes under way. */
const WIDTH = 8;
/** Short laps, so that what else the machine does meets all of a round alike. */
const LAP_PROBES = 50;
/** Before the rounds of each run, whose processes are fresh: n probes of each kind, so often. */
const WARM_UPS = 2;
/** To park 1,000 probes takes a second. */
const MAX_PARK_WAIT_MS = 60_000;
const WAYS = ['bare', 'ours', 'sdk'] as const;

interface Ground {
  readonly farm: Farm;
  readonly backends: Backends;
  readonly urls: { readonly modern: string; readonly legacy: string; readonly tarpits: readonly string[] };
  readonly start: (way: Way, setting: Setting, isProfiled?: boolean) => Promise<Worker>;
}

export async function runProbe(options: BenchOptions, deps: SiteDeps): Promise<Report> {
  const { n, runs } = options;
  const ground = await openGround(options, deps);
  deps.say('looking at what is sent');
  const { setting, traffic } = await record(ground);
  const rounds: Round[] = [];
  const foreignCores: number[] = [];
  const parkings: Record<'ours' | 'bare', Parking[]> = { ours: [], bare: [] };
  for (let run = 1; run <= runs; run++) {
    deps.say(`run ${run} of ${runs}: ${n} probes of each kind, ${n} of tar-pits`);
    const measured = await measureRounds(ground, setting, n, run === runs);
    rounds.push(...measured.rounds);
    foreignCores.push(measured.foreignCores);
    for (const way of ['bare', 'ours'] as const) {
      parkings[way].push(await measureParking(ground, setting, way));
    }
  }
  return reportProbe({ rounds, traffic, parkings, foreignCores }, options);
}

async function openGround({ n, profile }: BenchOptions, { atEnd, say }: SiteDeps): Promise<Ground> {
  say(`starting ${n + 2} mock servers`);
  const farm = await startFarm(n + 2);
  atEnd.defer(() => farm.stop());
  const backends = await startBackends();
  atEnd.defer(() => backends.close());
  const [modern = '', legacy = '', ...tarpits] = farm.urls;
  await farm.behave([1], { kind: 'legacy' });
  await farm.behave(
    tarpits.map((_url, index) => index + 2),
    { kind: 'tarpit' },
  );
  const running = new Set<Worker>();
  atEnd.defer(async () => void (await Promise.all([...running].map((worker) => worker.stop()))));
  return {
    farm,
    backends,
    urls: { modern, legacy, tarpits },
    async start(way, setting, isProfiled = false) {
      const worker = await startWorker(way, setting, isProfiled ? profile : undefined);
      running.add(worker);
      return worker;
    },
  };
}

function urlOf({ urls }: Ground, subject: Subject): string {
  return subject === 'legacy' ? urls.legacy : urls.modern;
}

/** Records one probe of each lap. Rejects when the bare loop sends anything else than ours, or a probe with credentials none. */
async function record(ground: Ground): Promise<{ setting: Setting; traffic: ProbeData['traffic'] }> {
  const { issuer, apiServer } = ground.backends;
  const requests: Setting['requests'] = {};
  const setting: Setting = { issuer, apiServer, requests };
  const traffic: Record<string, { requests: number; connections: number }> = {};
  const seen = new Map<string, string>();
  for (const way of ['ours', 'bare', 'sdk'] as const) {
    const worker = await ground.start(way, setting);
    for (const lap of LAPS.filter((each) => each.way === way)) {
      const { subject } = lap;
      const recording = await recordRequests(urlOf(ground, subject), (url) => worker.visit(subject, url));
      const sent = readRequests(recording.sent);
      if (way === 'ours') requests[subject] = sent;
      seen.set(lapName(lap), withoutPort(recording));
      traffic[lapName(lap)] = { requests: sent.length, connections: recording.connections };
    }
    await worker.stop();
  }
  for (const subject of ['modern', 'legacy'] as const) {
    const [ours, bare] = (['ours', 'bare'] as const).map((way) => seen.get(lapName({ way, subject })));
    if (ours !== bare) throw new Error(`the bare loop does not send what a ${subject} probe sends`);
  }
  for (const subject of ['bearer', 'apiKey', 'oauth', 'bearerFetched'] as const) {
    const isSent = requests[subject]?.every(({ headers }) => headers.some((name) => /^(authorization|x-api-key)$/i.test(name)));
    if (isSent !== true) throw new Error(`a probe as '${subject}' sends no credentials`);
  }
  return { setting, traffic };
}

/** n probes of each kind, in rounds of {@link LAP_PROBES}. */
async function measureRounds(
  ground: Ground,
  setting: Setting,
  n: number,
  isProfiled: boolean,
): Promise<{ rounds: Round[]; foreignCores: number }> {
  const started = await Promise.all(WAYS.map(async (way) => [way, await ground.start(way, setting, isProfiled)] as const));
  const workers = new Map<Way, Worker>(started);
  const probes = Math.min(n, LAP_PROBES);
  const lapMs = async ({ way, subject }: Lap, count: number) => {
    const pass = await workers.get(way)?.probe(subject, urlOf(ground, subject), count, WIDTH);
    return (pass?.cpuMs ?? Number.NaN) / count;
  };
  for (let time = 0; time < WARM_UPS; time++) for (const lap of LAPS) await lapMs(lap, n);
  const rounds: Round[] = [];
  const pids = Object.fromEntries(started.map(([way, { pid }]) => [way, pid]));
  const account = openCPUAccount({ ...pids, farm: ground.farm.pid, bench: process.pid });
  const startMs = performance.now();
  for (let number = 0; number < Math.ceil(n / probes); number++) {
    const round: Record<string, number> = {};
    for (const lap of number % 2 === 0 ? LAPS : LAPS.toReversed()) round[lapName(lap)] = await lapMs(lap, probes);
    rounds.push(round);
  }
  const foreignCores = (account.read({})?.['foreign'] ?? Number.NaN) / (performance.now() - startMs);
  await Promise.all(started.map(([, worker]) => worker.stop()));
  return { rounds, foreignCores };
}

async function measureParking(ground: Ground, setting: Setting, way: Way): Promise<Parking> {
  const worker = await ground.start(way, setting);
  const { tarpits } = ground.urls;
  const park = async () => {
    await worker.park(tarpits);
    await untilOpen(ground.farm, tarpits.length);
  };
  await park();
  await worker.leave();
  await untilOpen(ground.farm, 0);
  const without = await worker.weigh();
  await park();
  const parked = await worker.weigh();
  await worker.leave();
  await worker.stop();
  await untilOpen(ground.farm, 0);
  return { probes: tarpits.length, without, parked };
}

/** Until so many requests to tar-pits are open. */
async function untilOpen(farm: Farm, wanted: number): Promise<void> {
  const endMs = performance.now() + MAX_PARK_WAIT_MS;
  for (;;) {
    // After a reset the peak is what is open.
    await farm.reset();
    const { peakFailing: open } = await farm.read();
    if (open === wanted) return;
    if (performance.now() > endMs) throw new Error(`${open} of ${wanted} probes are at their tar-pits`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
