/**
 * What a person sees of a probe: verdict, reason, cause, remedy, timings, and what the server offers; aligned, one screen. Pure.
 * Every text of a server in it was sanitized by the prober.
 */
import { DETAILS } from '../api/v1alpha1/credential-details.ts';
import { isReason, reasonsTable } from '../api/v1alpha1/reasons.ts';
import type { CapabilityList, MCPServerStatus } from '../api/v1alpha1/status.ts';
import type { ProbeReport } from '../probe/ports.ts';
import { type JudgedServer, readyOf } from './probe-status.ts';

type Paint = (text: string) => string;

interface Palette {
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly faint: Paint;
}

const style = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string) => text;
const COLORS: Palette = { good: style(32), warn: style(33), bad: style(31), faint: style(2) };
const PLAIN: Palette = { good: plain, warn: plain, bad: plain, faint: plain };

const HINT = 'For a server on this machine pass --allow-loopback.';

/** Columns of text before it is folded. */
const WIDTH = 96;
const LABEL = 10;

export interface TableOptions {
  readonly color: boolean;
  /** `--allow-loopback` was given. */
  readonly allowLoopback: boolean;
  /** A cluster is asked for what specs refer to. */
  readonly asksCluster: boolean;
}

/** One block of lines per server, an empty line between two. */
export function renderProbes(results: readonly JudgedServer[], options: TableOptions): string {
  return results.map((result) => renderProbe(result, options)).join('\n');
}

function renderProbe(result: JudgedServer, options: TableOptions): string {
  const { allowLoopback } = options;
  const palette = options.color ? COLORS : PLAIN;
  const { server, report, status } = result;
  const name = server.spec.url === undefined || server.name !== 'command-line' ? `${server.namespace}/${server.name}` : undefined;
  const rows: (readonly [label: string, text: string | undefined])[] = [
    ['name', name],
    ['url', status?.endpoint?.url ?? shownURL(server.spec.url)],
    ['verdict', verdictOf(result, options, palette)],
    ...explanation(result),
    ['hint', !allowLoopback && status?.failure?.reason === 'DestinationForbidden' ? HINT : undefined],
    ['server', status?.server && [status.server.title ?? status.server.name, status.server.version].join(' ')],
    ['protocol', status?.endpoint && `${status.endpoint.protocolVersion} (${status.endpoint.era}, ${status.endpoint.transport})`],
    ['offers', status?.capabilities && offersOf(status.capabilities)],
    ['digest', status?.capabilities?.digest],
    ['took', palette.faint(timings(report))],
  ];
  return rows.flatMap(([label, text]) => (text === undefined ? [] : [renderRow(label, text, palette)])).join('');
}

function renderRow(label: string, text: string, palette: Palette): string {
  const [first = '', ...more] = fold(text, WIDTH - LABEL);
  const indent = ' '.repeat(LABEL);
  return `${palette.faint(label.padEnd(LABEL))}${first}\n${more.map((line) => `${indent}${line}\n`).join('')}`;
}

function verdictOf({ status, report }: JudgedServer, options: TableOptions, { good, warn, bad }: Palette): string {
  if (status === undefined) return warn(`? none: ${obstacleOf(report, options)}`);
  const ready = readyOf(status);
  if (ready?.status === 'True') return good('✓ Available');
  const text = `${status.state} (${ready?.reason})`;
  return status.state === 'Transient' ? warn(`… ${text}`) : bad(`✗ ${text}`);
}

/** Why, where and what to do. */
function explanation({ status, report }: JudgedServer): [string, string | undefined][] {
  if (status === undefined) return [];
  const { failure } = status;
  if (failure === undefined) {
    const ready = readyOf(status);
    return ready?.status === 'True' ? [] : [['cause', ready?.message]];
  }
  const row = isReason(failure.reason) ? reasonsTable.find(({ reason }) => reason === failure.reason) : undefined;
  const { detail, field } = report.verdict.kind === 'failing' ? report.verdict : {};
  const codes = [
    failure.stage && `stage ${failure.stage}`,
    field && `spec.${field}`,
    failure.httpStatus && `HTTP ${failure.httpStatus}`,
    failure.rpcCode !== undefined && `JSON-RPC ${failure.rpcCode}`,
    failure.errorCode,
  ];
  return [
    ['cause', row?.cause ?? failure.message],
    ['detail', detail === undefined ? undefined : DETAILS[detail]],
    ['where', codes.filter((code) => code !== undefined && code !== false && code !== 0).join(', ') || undefined],
    ['remedy', row?.remedy],
  ];
}

function offersOf(capabilities: NonNullable<MCPServerStatus['capabilities']>): string {
  const { tools, resources, resourceTemplates, prompts } = capabilities;
  const lists: [string, CapabilityList | undefined][] = [
    ['tool', tools],
    ['resource', resources],
    ['resource template', resourceTemplates],
    ['prompt', prompts],
  ];
  const parts = lists.flatMap(([word, list]) => {
    if (list === undefined) return [];
    const invalid = list.invalid === 0 ? '' : ` (and ${list.invalid} malformed)`;
    return [`${list.count} ${word}${list.count === 1 ? '' : 's'}${invalid}`];
  });
  return parts.length === 0 ? 'no lists' : parts.join(', ');
}

function timings({ durationMs, attempts, stageMs }: JudgedServer['report']): string {
  const stages = Object.entries(stageMs).map(([stage, ms]) => `${stage} ${milliseconds(ms)}`);
  const tries = attempts === 0 ? 'nothing was sent to the server' : `${attempts} attempt${attempts === 1 ? '' : 's'}`;
  return `${milliseconds(durationMs)}, ${tries}${stages.length === 0 ? '' : `: ${stages.join(', ')}`}`;
}

function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** A declared URL without user info and query. */
function shownURL(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url);
  return parsed === null ? undefined : `${parsed.origin}${parsed.pathname}`;
}

/** Breaks at spaces; a word that is longer than the line keeps a line of its own. */
function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Why nothing can be said about a server. */
function obstacleOf({ forbidden }: ProbeReport, { asksCluster }: TableOptions): string {
  if (forbidden === undefined && asksCluster) return 'the cluster did not answer for what the spec refers to';
  if (forbidden === undefined) return 'the probe was ended, or could not be made';
  return `you may not read the ${forbidden.kind} ${forbidden.name} in that cluster`;
}
