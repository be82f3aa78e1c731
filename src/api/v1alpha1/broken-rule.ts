/**
 * Finds the rules of `rules.ts` that a spec breaks. It runs over every object that the operator reads, so it walks a fixed list of places
 * instead of the whole object, and makes no text unless a rule is broken.
 */
import { RULES, type RuledValues } from './rules.ts';
import type { MCPServerSpec } from './spec.ts';

/** A broken rule: where (`spec.headers[1].value`: field names and numbers only), and what is allowed there. */
export interface BrokenRule {
  readonly path: string;
  readonly message: string;
}

type Values<Path extends keyof RuledValues> = readonly (RuledValues[Path] | undefined)[];

/** What stands at each ruled place: one value, or one for each header. */
const VALUES: { readonly [Path in keyof RuledValues]: (spec: MCPServerSpec) => Values<Path> } = {
  spec: (spec) => [spec],
  'spec.url': (spec) => [spec.url],
  'spec.serviceRef.port': (spec) => [spec.serviceRef?.port],
  'spec.headers': (spec) => [spec.headers],
  'spec.headers[]': (spec) => spec.headers ?? [],
  'spec.headers[].valueFrom': (spec) => (spec.headers ?? []).map((header) => header.valueFrom),
  'spec.auth': (spec) => [spec.auth],
  'spec.auth.apiKey.header': (spec) => [spec.auth.apiKey?.header],
  'spec.auth.oauth': (spec) => [spec.auth.oauth],
  'spec.auth.oauth.issuer': (spec) => [spec.auth.oauth?.issuer],
  'spec.auth.oauth.resource': (spec) => [spec.auth.oauth?.resource],
  'spec.auth.oauth.tokenURL': (spec) => [spec.auth.oauth?.tokenURL],
  'spec.tls': (spec) => [spec.tls],
  'spec.tls.caBundleRef': (spec) => [spec.tls.caBundleRef],
  'spec.probe': (spec) => [spec.probe],
  'spec.retry': (spec) => [spec.retry],
  'spec.drift': (spec) => [spec.drift],
};

/** The ruled places, in the order of the table. */
export const RULED_PATHS = Object.keys(VALUES) as readonly (keyof RuledValues)[];

function* brokenRulesAt<Path extends keyof RuledValues>(spec: MCPServerSpec, path: Path): Generator<BrokenRule> {
  const values: Values<Path> = VALUES[path](spec);
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue;
    for (const rule of RULES[path]) {
      if (!rule.holds(value)) yield { path: path.replace('[]', `[${index}]`) + (rule.fieldPath ?? ''), message: rule.message };
    }
  }
}

/** The first rule that `spec` breaks; undefined when all hold. */
export function findBrokenRule(spec: MCPServerSpec): BrokenRule | undefined {
  for (const path of RULED_PATHS) {
    for (const broken of brokenRulesAt(spec, path)) return broken;
  }
  return undefined;
}

/** Every rule that `spec` breaks, as the API server tells them: at most one for each rule and place, and 4 rules for each of 32 headers. */
export function findBrokenRules(spec: MCPServerSpec): BrokenRule[] {
  return RULED_PATHS.flatMap((path) => [...brokenRulesAt(spec, path)]);
}
