/**
 * docs/reference/metrics.md: every metric with type, labels and help, from the exposition that the operator itself prints.
 */
import { renderEverything } from '../pictures/registry.ts';
import { cell, code, GENERATED, page, table } from './markdown.ts';

/** One family of series. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** In the order in which they are printed, without `le`. */
  readonly labels: readonly string[];
}

const INTRODUCTION = `\`GET /metrics\` on port 8080 (\`--metrics-bind-address\`) prints these in the text format of Prometheus. No label holds a URL, a host, the name of a tool
or any text of a server, and the number of series is bounded. Where a metric is what stock dashboards for controllers know, it bears the name that
they know. A leader and its standbys all print metrics; the series of probes and objects are the leader's.

The label \`namespace\` is that of the MCPServer, not that of the operator: the chart's ServiceMonitor sets \`honorLabels: true\` so that Prometheus keeps it, and
a scrape configuration of your own needs \`honor_labels: true\`, too. Without it every series bears the namespace of the operator, and alerts name the wrong servers.

[alerts.md](../alerts.md) tells what to watch, and what to do about it.`;

const OBJECTS = `One row per MCPServer, with \`namespace\` and \`name\`: about seven series each, which go with the object. \`--object-metrics=false\` leaves them out.`;

const PROCESS = `\`process_*\` and \`nodejs_*\` are those that Prometheus' client library prints for every program in Node.js: CPU, memory, file descriptors, the heap
and its spaces, garbage collection, lag of the event loop. Which ones there are depends on the platform and on the version of Node.js.`;

/** Every metric of the operator, in the order of the exposition. */
export async function readMetricFamilies(): Promise<MetricFamily[]> {
  return parseFamilies(await renderEverything());
}

/** Reads the text format: HELP and TYPE lines, and the labels of the first series of each family. */
function parseFamilies(exposition: string): MetricFamily[] {
  return [...exposition.matchAll(/^# HELP (\S+) (.*)\n# TYPE \1 (\w+)\n((?:[^#\n].*\n)*)/gm)].map(
    ([, name = '', help = '', type = '', samples = '']) => {
      const [, labels = ''] = /^[^{ ]+\{(.*)\} /m.exec(samples) ?? [];
      const names = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label);
      return { name, type, help, labels: names.filter((label) => label !== 'le') };
    },
  );
}

/** The whole page. */
export async function renderMetrics(): Promise<string> {
  const families = await readMetricFamilies();
  // A list of them would differ from machine to machine.
  const isProcess = ({ name }: MetricFamily) => /^(?:process|nodejs)_/.test(name);
  const isObject = ({ labels }: MetricFamily) => labels.includes('namespace');
  const rest = families.filter((family) => !isProcess(family) && !isObject(family));
  return page([
    GENERATED,
    '# Metrics',
    INTRODUCTION,
    '## Of the operator',
    tableOf(rest),
    '## Of single objects',
    OBJECTS,
    tableOf(families.filter(isObject)),
    '## Of the process',
    PROCESS,
  ]);
}

function tableOf(families: readonly MetricFamily[]): string {
  return table(
    ['Metric', 'Type', 'Labels', 'What it tells'],
    families.map(({ name, type, labels, help }) => [
      code(name),
      type,
      cell(labels.map((label) => `\`${label}\``).join(', ')),
      cell(help),
    ]),
  );
}
