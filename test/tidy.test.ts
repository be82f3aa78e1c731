/**
 * The architecture as tests: rooms and who may import whom, ambient time and chance, sizes, headers, mirrored tests, names that are not
 * allowed. Each message names the replacement. Imports are read by a scanner of our own, since TypeScript 7 has no compiler API.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

/** Static imports and re-exports, and `import()`, of one file. */
function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const match of source.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gms)) {
    found.push({ from: match[2] ?? '', typeOnly: match[1] !== undefined });
  }
  for (const match of source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ from: match[1] ?? '', typeOnly: false });
  return found;
}

/** `src/probe/classify.ts` → `probe`; files directly below src have a room of their own. */
const roomOf = (file: string) => (file.split('/').length > 2 ? (file.split('/')[1] ?? '') : file.replace(/^src\//, ''));

const sources = filesBelow('src').map((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return { file, text, room: roomOf(file), imports: importsOf(text) };
});

/** Page 8.1: which rooms a room may import, besides itself and node. `types of` rows are checked below. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  platform: [],
  api: ['platform'],
  queue: ['platform'],
  probe: ['platform', 'api'],
  reconcile: ['platform', 'api', 'queue', 'probe'],
  kube: ['platform', 'api'],
  telemetry: ['platform'],
  cli: ['platform', 'api', 'queue', 'probe', 'reconcile', 'kube', 'telemetry', 'operator.ts', 'config.ts'],
  'config.ts': ['platform'],
  'operator.ts': ['platform', 'api', 'queue', 'probe', 'reconcile', 'kube', 'telemetry', 'config.ts'],
  'main.ts': ['cli'],
};

/** Files whose types a room may import although their room is not open to it: ports belong to who needs them. */
const OPEN_TYPES: Record<string, readonly string[]> = {
  kube: ['src/reconcile/ports.ts', 'src/probe/ports.ts'],
  telemetry: ['src/reconcile/ports.ts', 'src/probe/ports.ts', 'src/probe/probe-log.ts'],
};

/** Packages by room; whatever is not listed here may be imported by nobody else. */
const PACKAGES: Record<string, readonly string[]> = {
  '@kubernetes/client-node': ['kube'],
  undici: ['kube'],
  zod: ['api', 'config.ts', 'probe', 'cli'],
  pino: ['telemetry'],
  'pino-pretty': ['telemetry'],
  'prom-client': ['telemetry'],
  'eventsource-parser': ['probe'],
  canonicalize: ['probe'],
  jose: ['probe'],
  oauth4webapi: ['probe'],
  'ipaddr.js': ['probe'],
  yaml: ['cli', 'kube'],
};

/** The files of probe/ that do IO: the reconciler may know their types, never their code. */
const PURE_PROBE = ['outcome', 'verdict', 'classify', 'capabilities', 'snapshot', 'sanitize', 'ports'].map(
  (name) => `src/probe/${name}.ts`,
);

describe('rooms', () => {
  it('every file below src belongs to a room of page 8.1', () => {
    expect(sources.filter(({ room }) => MAY_IMPORT[room] === undefined).map(({ file }) => file)).toEqual([]);
  });

  it('imports between rooms go one way', () => {
    const wrong: string[] = [];
    for (const { file, room, imports } of sources) {
      for (const { from, typeOnly } of imports.filter((each) => each.from.startsWith('.'))) {
        const target = relative(ROOT, resolve(ROOT, dirname(file), from));
        const other = roomOf(target);
        if (other === room || MAY_IMPORT[room]?.includes(other)) continue;
        if (typeOnly && OPEN_TYPES[room]?.includes(target)) continue;
        wrong.push(
          `${file} imports ${target}: ${room} may import ${MAY_IMPORT[room]?.join(', ')}; give it a port or pass a value`,
        );
      }
    }
    expect(wrong).toEqual([]);
  });

  it('the reconciler reaches IO only through types', () => {
    const wrong = sources
      .filter(({ room }) => room === 'reconcile')
      .flatMap(({ file, imports }) =>
        imports
          .filter(({ from, typeOnly }) => from.startsWith('../probe/') && !typeOnly)
          .map(({ from }) => relative(ROOT, resolve(ROOT, dirname(file), from)))
          .filter((target) => !PURE_PROBE.includes(target))
          .map((target) => `${file} imports ${target}: only the pure files of probe/ (${PURE_PROBE.join(', ')})`),
      );
    expect(wrong).toEqual([]);
  });

  it('each package is imported by the rooms that own it', () => {
    const wrong = sources.flatMap(({ file, room, imports }) =>
      imports
        .filter(({ from }) => !from.startsWith('.') && !from.startsWith('node:'))
        .map(({ from }) => (from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? '')))
        .filter((name) => !PACKAGES[name]?.includes(room))
        .map(
          (name) =>
            `${file} imports ${name}: only ${PACKAGES[name]?.join(', ') ?? 'nobody (add it to this table with a reason)'}`,
        ),
    );
    expect(wrong).toEqual([]);
  });

  it('imports from node carry the node: prefix and local ones the .ts ending', () => {
    const wrong = sources.flatMap(({ file, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('.') && !from.endsWith('.ts') && !from.endsWith('.json'))
        .map(({ from }) => `${file}: ${from}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('bans', () => {
  /** Comments and strings may talk about what code must not do. */
  const codeOf = (text: string) =>
    text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/(^|\s)\/\/.*$/gm, '$1')
      .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

  const BANS: readonly { readonly what: RegExp; readonly instead: string; readonly allowedIn: readonly string[] }[] = [
    {
      what: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bsetTimeout\b|\bsetInterval\b|\bAbortSignal\.timeout\b/,
      instead: 'take a Clock (src/platform/clock.ts)',
      allowedIn: ['src/platform/clock.ts'],
    },
    {
      what: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/,
      instead: 'take a Random (src/platform/random.ts)',
      allowedIn: ['src/platform/random.ts'],
    },
    { what: /\bfetch\(/, instead: 'probe/exchange.ts or kube/client.ts', allowedIn: [] },
    { what: /\bas any\b|:\s*any\b/, instead: 'a type, or unknown and a parser', allowedIn: [] },
    { what: /\bprocess\.exit\(/, instead: 'return an exit code', allowedIn: ['src/cli/exit.ts'] },
    { what: /\brejectUnauthorized: false\b/, instead: 'a CA', allowedIn: [] },
  ];

  for (const { what, instead, allowedIn } of BANS) {
    it(`nobody but ${allowedIn.join(', ') || 'nobody'} uses ${what.source}: ${instead}`, () => {
      expect(
        sources.filter(({ file, text }) => !allowedIn.includes(file) && what.test(codeOf(text))).map(({ file }) => file),
      ).toEqual([]);
    });
  }

  it('conditions are built in reconcile/next-status.ts alone', () => {
    expect(sources.filter(({ text }) => /\bcreateConditionSet\(/.test(codeOf(text))).map(({ file }) => file)).toEqual([
      'src/reconcile/conditions.ts',
      'src/reconcile/next-status.ts',
    ]);
  });

  it('a switch over a union has no default', () => {
    expect(sources.filter(({ text }) => /^\s*default:\s*$/m.test(codeOf(text))).map(({ file }) => file)).toEqual([]);
  });

  it('no file is called utils, common, helpers, index or types', () => {
    const all = [...sources.map(({ file }) => file), ...filesBelow('test'), ...filesBelow('hack')];
    expect(all.filter((file) => /(^|\/)(utils?|common|helpers?|index|types)(\.test)?\.ts$/.test(file))).toEqual([]);
  });

  it('no test is skipped, focused or left to do', () => {
    const marks = /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/;
    const open = filesBelow('test').filter(
      (file) => file !== 'test/tidy.test.ts' && marks.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(open).toEqual([]);
  });
});

describe('grain', () => {
  it('no file below src has more than 300 lines: two things are two files', () => {
    expect(
      sources
        .filter(({ text }) => text.split('\n').length > 301)
        .map(({ file, text }) => `${file}: ${text.split('\n').length - 1}`),
    ).toEqual([]);
  });

  it('every file below src begins with a header that says what it is', () => {
    expect(sources.filter(({ text }) => !/^(?:#!.*\n)?\/\*\*\n \* \S/.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('every export below src has a doc comment, unless its name and type say all', () => {
    const bare = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/(^|\n)(?<before>[^\n]*)\n(?:export (?:async )?function|export class) (?<name>\w+)/g)]
        .filter(({ groups }) => !/\*\/\s*$/.test(groups?.['before'] ?? ''))
        .map(({ groups }) => `${file}: ${groups?.['name']}`),
    );
    expect(bare.length, bare.join('\n')).toBe(0);
  });

  it('every file below src that holds code has a test of the same name', () => {
    const tests = new Set(filesBelow('test'));
    const hasCode = (text: string) => /^(?:export )?(?:async )?(?:function|class)\s|=>\s*[{(]?/m.test(text);
    const missing = sources
      .filter(({ file, text }) => hasCode(text) && !tests.has(file.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')))
      .map(({ file }) => file);
    expect(missing).toEqual([]);
  });
});
