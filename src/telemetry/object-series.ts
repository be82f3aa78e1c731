/**
 * The series of single objects: up, state, consecutive failures, last success, tools, drift, certificate. One row per object, printed
 * only when somebody scrapes: at 10,000 objects a metric library would keep 60,000 label maps (measured: 149 ms in one go to print them),
 * these rows print in batches with a turn of the event loop between two.
 *
 * It promises that the series of an object go with the object, and that labels are namespace and name, nothing else.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** `namespace` and `name` of an MCPServer. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectFacts {
  /** Whether the object is Ready. */
  readonly up: boolean;
  /** `status.state`. */
  readonly state: string;
  /** 0 while nothing fails. */
  readonly consecutiveFailures: number;
  /** Wall time in ms; undefined before the first success. */
  readonly lastSuccessMs?: number | undefined;
  /** Exact count of tools; undefined where the server advertises none. */
  readonly tools?: number | undefined;
}

export interface ObjectSeries {
  /** Sets the facts of an object, whole. */
  observe(object: ObjectName, facts: ObjectFacts): void;
  /** Counts one change of the digest. Ignored for an object that was never observed. */
  capabilitiesChanged(object: ObjectName): void;
  /** Notes when the certificate expires that the server showed last (wall time in ms); undefined: it speaks no TLS. Ignored likewise. */
  certificateExpires(object: ObjectName, atMs: number | undefined): void;
  /** Takes all series of the object away. */
  forget(object: ObjectName): void;
  /** The text format 0.0.4 of Prometheus, in chunks of at most `BATCH` lines. */
  render(): AsyncGenerator<string>;
}

interface Row {
  /** `namespace="a",name="b"`, escaped. */
  readonly labels: string;
  facts: ObjectFacts;
  changes: number;
  certificateExpiresAtMs: number | undefined;
}

interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  /** The part after the labels of namespace and name; undefined leaves the series out. */
  readonly sample: (row: Row) => string | undefined;
}

/** 2,000 lines of about 110 bytes: 220 KB and some 1 ms between two turns of the loop. */
const BATCH = 2000;

const FAMILIES: readonly Family[] = [
  {
    name: 'mcpserver_operator_up',
    type: 'gauge',
    help: '1 while the MCPServer is Ready, else 0.',
    sample: ({ facts }) => (facts.up ? '} 1' : '} 0'),
  },
  {
    name: 'mcpserver_operator_state',
    type: 'gauge',
    help: 'Always 1; the label state is status.state of the MCPServer.',
    sample: ({ facts }) => `,state="${escapeLabel(facts.state)}"} 1`,
  },
  {
    name: 'mcpserver_operator_consecutive_failures',
    type: 'gauge',
    help: 'Failed probes in a row; 0 while nothing fails.',
    sample: ({ facts }) => `} ${facts.consecutiveFailures}`,
  },
  {
    name: 'mcpserver_operator_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time of the last successful probe.',
    sample: ({ facts }) => (facts.lastSuccessMs === undefined ? undefined : `} ${facts.lastSuccessMs / 1000}`),
  },
  {
    name: 'mcpserver_operator_tools',
    type: 'gauge',
    help: 'Tools that the server offers to the declared identity.',
    sample: ({ facts }) => (facts.tools === undefined ? undefined : `} ${facts.tools}`),
  },
  {
    name: 'mcpserver_operator_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'Unix time at which the certificate expires that the server showed last; absent without TLS.',
    sample: ({ certificateExpiresAtMs: atMs }) => (atMs === undefined ? undefined : `} ${atMs / 1000}`),
  },
  {
    name: 'mcpserver_operator_capabilities_changed_total',
    type: 'counter',
    help: 'Changes of the digest of what the server offers, since the operator started.',
    sample: ({ changes }) => `} ${changes}`,
  },
];

/** Holds one row per object that was observed and not forgotten. */
export function createObjectSeries(): ObjectSeries {
  // Bounded by the number of MCPServer objects: whoever watches them calls `forget`.
  const rows = new Map<string, Row>();
  const keyOf = ({ namespace, name }: ObjectName) => `${namespace}/${name}`;

  return {
    observe(object, facts) {
      const key = keyOf(object);
      const row = rows.get(key);
      if (row !== undefined) row.facts = facts;
      else {
        const labels = `namespace="${escapeLabel(object.namespace)}",name="${escapeLabel(object.name)}"`;
        rows.set(key, { labels, facts, changes: 0, certificateExpiresAtMs: undefined });
      }
    },
    capabilitiesChanged(object) {
      const row = rows.get(keyOf(object));
      if (row !== undefined) row.changes += 1;
    },
    certificateExpires(object, atMs) {
      const row = rows.get(keyOf(object));
      if (row !== undefined) row.certificateExpiresAtMs = atMs;
    },
    forget: (object) => void rows.delete(keyOf(object)),
    async *render() {
      for (const family of FAMILIES) yield* renderFamily(family, [...rows.values()]);
    },
  };
}

async function* renderFamily(family: Family, rows: readonly Row[]): AsyncGenerator<string> {
  let text = `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`;
  let lines = 0;
  for (const row of rows) {
    const sample = family.sample(row);
    if (sample === undefined) continue;
    text += `${family.name}{${row.labels}${sample}\n`;
    lines += 1;
    if (lines % BATCH > 0) continue;
    yield text;
    text = '';
    await nextTurn();
  }
  yield `${text}\n`;
}

/** Escapes a label value as the text format wants it. Kubernetes names hold none of these; this is for the day that one does. */
function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`)) : value;
}
