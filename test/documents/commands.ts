/**
 * The commands that README.md and docs show, in blocks marked `sh` and in the steps of the run-books, and what becomes of each: run by test/cluster/documents.test.ts, run by
 * another test, or not run, for a reason. A command that is in no list is a failure of test/documents/commands.test.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Block {
  /** Below the repository. */
  readonly file: string;
  readonly text: string;
}

export interface Command {
  readonly file: string;
  /** One line, without the comment behind it. */
  readonly text: string;
}

export type Fate =
  /** `as` is what is run instead, where the text holds a place-holder; `codes` are the exit codes that are right, by default 0. */
  | { readonly kind: 'here'; readonly as?: string; readonly codes?: readonly number[] }
  | { readonly kind: 'elsewhere'; readonly by: string }
  | { readonly kind: 'never'; readonly why: string };

/** README first, then docs by name: the order in which the commands are run. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
];

/** Every block that is marked as a shell's. A block within a list is indented, and is taken out as it is copied. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, indent = '', block = '']) => ({
    file,
    text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** The lines of a block, continued ones joined, comments left out. */
export function commandsOf({ file, text }: Block): Command[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines.map((line) => ({ file, text: line.replace(/(?:^|\s+)#.*$/, '').trim() })).filter((command) => command.text !== '');
}

/** Documents whose numbered steps hold commands within a sentence. */
const RUN_BOOKS: readonly string[] = ['docs/alerts.md', 'docs/troubleshooting.md'];

/** The commands within the numbered steps of a run-book: a program, a verb, and what it is about; none of another document. */
export function stepsOf(file: string): Command[] {
  if (!RUN_BOOKS.includes(file)) return [];
  const text = readFileSync(path.join(ROOT, file), 'utf8').replaceAll(/^ *```.*?^ *```$/gms, '');
  const steps = [...text.matchAll(/^\d+\. .*(?:\n {3}.*)*/gm)].map(([step]) => step.replaceAll(/\n */g, ' '));
  const commands = steps.flatMap((step) => [...step.matchAll(/`((?:kubectl|helm|mcpserver-operator) [^`]+)`/g)]);
  return commands.map(([, command = '']) => ({ file, text: command }));
}

/** Every command that `file` shows, those in blocks first. */
export function shownIn(file: string): Command[] {
  return [...blocksOf(file).flatMap(commandsOf), ...stepsOf(file)];
}

const HERE: Fate = { kind: 'here' };
const DEMO: Fate = { kind: 'elsewhere', by: 'test/cluster/demo.test.ts' };
const NO_CONTROLLERS = 'only an API server runs in the tests, nobody who makes Pods or ends namespaces';

/** Documents of which another test runs every command. */
const WHOLE: Readonly<Record<string, Fate>> = {
  'docs/gitops.md': { kind: 'elsewhere', by: 'test/cluster/operator/gitops-guide.test.ts' },
};

/** How a reader has the program at hand. */
const ALIAS = 'alias mcpserver-operator="$PWD/node_modules/.bin/node $PWD/dist/mcpserver-operator.js"';

/** By the text of the command. */
const FATES: Readonly<Record<string, Fate>> = {
  'npm ci': { kind: 'never', why: 'it would replace the packages that the tests run on; .ci/run begins with it' },
  'npm run demo': DEMO,
  'npm run build': { kind: 'elsewhere', by: 'test/hack/build.test.ts' },
  [ALIAS]: { kind: 'here', as: `${ALIAS}\nPATH=/nowhere\nmcpserver-operator version` },
  'npm ci && npm test': { kind: 'elsewhere', by: '.ci/run' },
  'npm run check': { kind: 'elsewhere', by: '.ci/run' },
  'npm run controlplane': { kind: 'elsewhere', by: 'test/hack/controlplane/main.test.ts' },
  'npm run test:faults': { kind: 'elsewhere', by: '.ci/run' },
  'npm run soak': { kind: 'never', why: 'it takes ten minutes; test/cluster/soak.test.ts runs it for seconds' },
  'npm run bench': { kind: 'never', why: 'it takes minutes, and its scenarios have tests of their own' },
  'mcpserver-operator probe URL': { kind: 'elsewhere', by: 'test/cli/probe.test.ts' },
  'mcpserver-operator doctor --as system:serviceaccount:NAMESPACE:NAME': {
    kind: 'here',
    as: 'mcpserver-operator doctor --as system:serviceaccount:mcpserver-operator:mcpserver-operator',
  },
  'kubectl get certificates -A': { kind: 'never', why: 'they are those of cert-manager, which is not there' },
  'kubectl logs --previous': { kind: 'never', why: NO_CONTROLLERS },
  'kubectl rollout status deployment/mcpserver-operator --namespace mcpserver-operator --timeout=120s': {
    kind: 'never',
    why: NO_CONTROLLERS,
  },
  'kubectl delete namespace mcpserver-operator': { kind: 'never', why: NO_CONTROLLERS },
};

/** What becomes of a command; undefined when nobody has said. */
export function fateOf({ file, text }: Command): Fate | undefined {
  const known = WHOLE[file] ?? FATES[text];
  if (known !== undefined) return known;
  if (file === 'README.md' && text.startsWith('kubectl ')) return DEMO;
  if (/^kubectl .*\bmcpservers\.mcpserver-operator\.dev NAME(?: |$)/.test(text)) {
    // Nothing waits for the one that is suspended: of its new generation it never gets Ready.
    const object = text.includes('"suspend":true') ? 'token-right' : 'tickets';
    return { kind: 'here', as: text.replace(' -n NAMESPACE', ' -n default').replace(/\bNAME\b/, object) };
  }
  const secret = /^kubectl get secret NAME (.*)$/.exec(text);
  if (secret !== null) return { kind: 'here', as: `kubectl get secret token-right ${secret[1]}` };
  return /^(?:kubectl|helm|mcpserver-operator) /.test(text) && !/\b[A-Z]{4,}\b/.test(text.replace(/'.*?'/g, ''))
    ? HERE
    : undefined;
}

/** The entries above that no document shows. */
export function unusedFates(commands: readonly Command[]): string[] {
  const shown = new Set(commands.map(({ text }) => text));
  return [
    ...Object.keys(FATES).filter((text) => !shown.has(text)),
    ...Object.keys(WHOLE).filter((file) => !DOCUMENTS.includes(file)),
  ];
}
