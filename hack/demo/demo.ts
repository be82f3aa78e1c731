/**
 * The demo from its first step to its last: control plane, sample servers, chart, operator, manifests, verdicts.
 * What it starts it registers for the end at once, so that an end at any point leaves nothing behind.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { installChart } from '../chart.ts';
import { resolveBinaries } from '../controlplane/binaries.ts';
import { findOnPath } from '../controlplane/kubectl.ts';
import { lastLine } from '../controlplane/run.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/start.ts';
import { ensureBundle, ROOT } from './bundle.ts';
import { EXPECTATIONS } from './expectations.ts';
import { renderResult, renderTable } from './frame.ts';
import { renderNextSteps } from './next-steps.ts';
import { type Operator, type SampleServers, startOperator, startSampleServers } from './processes.ts';
import type { Screen } from './screen.ts';
import { SAMPLE_SERVERS } from './servers/catalogue.ts';
import { relocate } from './servers/place.ts';
import { createJudge } from './verdicts.ts';
import { watchUntilSettled } from './watch.ts';

export interface DemoOptions {
  /** Whether it ends after the verdicts, so that nothing is said about what to try. */
  readonly once: boolean;
  readonly screen: Screen;
  /** Aborted: the demo stops looking. */
  readonly signal: AbortSignal;
  /** Takes what must be done at the end. */
  readonly atEnd: AsyncDisposableStack;
}

/** The object that is described when all are as they should be: its reason says most about what the operator is for. */
const DESCRIBED = 'token-wrong';
/** Where the operator would run, in a cluster; the samples are in `default`. */
const NAMESPACE = 'mcpserver-operator';
const SAMPLES = path.join(ROOT, 'hack', 'samples');

/** Runs to the point where all is up and judged. Resolves with whether every verdict is right; rejects with one line. */
export async function runDemo({ once, screen, signal, atEnd }: DemoOptions): Promise<boolean> {
  const { paint } = screen;
  screen.line(paint('bold', 'mcpserver-operator: which MCP servers really work?'));
  screen.line();
  const { controlPlane, samples, operator } = await startAll(screen, atEnd);
  await screen.step(
    'Manifests',
    () => applySamples(controlPlane, samples),
    (count) => `${count} objects from hack/samples`,
  );
  screen.line();
  screen.line(paint('dim', '$ kubectl get mcpservers'));
  const { verdicts, table, elapsedMs } = await watchUntilSettled({
    readTable: () => readTable(controlPlane),
    judge: createJudge(EXPECTATIONS),
    screen,
    signal,
    trouble: operator.daemon.ending,
  });
  if (signal.aborted) return false;
  screen.clearFrame();
  if (!screen.isTerminal) screen.line();
  for (const line of renderTable(table, paint)) screen.line(line);
  screen.line();
  for (const line of renderResult(verdicts, elapsedMs, paint)) screen.line(line);
  const wrong = verdicts.differences.find(({ name }) => table.rows.some(({ row }) => row.name === name));
  await describe(controlPlane, screen, wrong?.name ?? DESCRIBED);
  if (!once) {
    for (const line of await nextSteps(controlPlane, samples, operator, screen)) screen.line(line);
  }
  return verdicts.differences.length === 0;
}

interface Started {
  readonly controlPlane: ControlPlane;
  readonly samples: SampleServers;
  readonly operator: Operator;
}

async function startAll(screen: Screen, atEnd: AsyncDisposableStack): Promise<Started> {
  // Fetching or building takes minutes the first time, and tells its own progress.
  const binaries = await resolveBinaries();
  const controlPlane = await screen.step(
    'Kubernetes',
    () => startControlPlane({ binaries }),
    ({ version, server }) => `${version}, a real API server at ${server.replace('https://', '')}`,
  );
  atEnd.defer(() => controlPlane.stop());
  const samples = await screen.step(
    'MCP servers',
    () => startSampleServers(controlPlane.directory),
    ({ moves }) => describeServers(moves),
  );
  atEnd.defer(() => samples.daemon.stop());
  const chart = await screen.step(
    'Chart',
    () => installChart(controlPlane, NAMESPACE),
    ({ serviceAccount }) => `CRD, ServiceAccount ${serviceAccount}, its RBAC`,
  );
  const operator = await screen.step(
    'Operator',
    async () => {
      const bundle = await ensureBundle();
      return { bundle, ...(await startOperator(controlPlane.directory, chart.kubeconfig, NAMESPACE)) };
    },
    ({ bundle }) => `${bundle === 'built' ? 'built, ' : ''}runs with the rights of that account alone`,
  );
  atEnd.defer(() => operator.daemon.stop());
  return { controlPlane, samples, operator };
}

function describeServers(moves: SampleServers['moves']): string {
  const count = SAMPLE_SERVERS.filter(({ create }) => create !== undefined).length;
  const where = Object.keys(moves).length === 0 ? 'on 127.0.20.x' : 'on free ports of 127.0.0.1';
  return `${count} good and bad, ${where}`;
}

/** Applies every manifest, each server where it really is, and resolves with how many objects there were. */
async function applySamples(controlPlane: ControlPlane, { moves }: SampleServers): Promise<number> {
  const files = (await readdir(SAMPLES)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((name) => readFile(path.join(SAMPLES, name), 'utf8')));
  // What they refer to goes first: else a server may be probed before its Secret is there, and be Permanent for some seconds.
  const documents = texts.flatMap((text) => text.split(/^---$/m));
  const servers = documents.filter((text) => /^kind: MCPServer$/m.test(text));
  const references = documents.filter((text) => !servers.includes(text));
  const input = relocate([...references, ...servers].join('\n---\n'), moves);
  const { code, stdout, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], { input });
  if (code !== 0) throw new Error(`kubectl apply: ${lastLine(stderr)}`);
  return stdout.trim().split('\n').length;
}

async function readTable(controlPlane: ControlPlane): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['get', 'mcpservers'], { timeoutMs: 10_000 });
  if (code !== 0) throw new Error(`kubectl get mcpservers: ${lastLine(stderr)}`);
  return stdout;
}

/** Shows the part of `kubectl describe` that says what happened. */
async function describe(controlPlane: ControlPlane, screen: Screen, name: string): Promise<void> {
  const { code, stdout, stderr } = await controlPlane.kubectl(['describe', 'mcpserver', name]);
  if (code !== 0) throw new Error(`kubectl describe: ${lastLine(stderr)}`);
  screen.line();
  screen.line(screen.paint('dim', `$ kubectl describe mcpserver ${name} | sed -n '/^Status/,$p'`));
  screen.line(stdout.slice(stdout.search(/^Status/m)).trimEnd());
  screen.line();
}

async function nextSteps(
  controlPlane: ControlPlane,
  samples: SampleServers,
  operator: Operator,
  screen: Screen,
): Promise<string[]> {
  const isOnPath = await findOnPath('kubectl', process.env).then(
    () => true,
    () => false,
  );
  return renderNextSteps({
    kubeconfig: controlPlane.adminKubeconfig,
    kubectl: isOnPath ? undefined : controlPlane.tools.kubectl,
    metricsUrl: operator.metricsUrl,
    operatorLog: operator.daemon.logFile,
    moves: samples.moves,
    paint: screen.paint,
  });
}
