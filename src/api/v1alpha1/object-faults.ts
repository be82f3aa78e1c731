/**
 * Every fault of a whole MCPServer manifest: unknown fields, metadata, the structural schema of the CRD, and the rules between fields. It
 * uses the schema and the rules that the CRD and the runtime are made from, so that all three agree; tests give them the same vectors.
 *
 * The API server checks rules only where types and bounds hold, and so does this: one mistake is one fault. Nothing here reads files.
 */
import { findBrokenRules } from './broken-rule.ts';
import { makeSchema } from './crd.ts';
import { type FieldFault, findFieldFaults, isMapping, MAX_FAULTS, unknownField, withoutNulls } from './field-faults.ts';
import { findMetadataFaults } from './metadata-faults.ts';
import { MCPServerSpec } from './spec.ts';
import type { StructuralSchema } from './structural-schema.ts';

const ROOT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

const { spec: SPEC = {} }: Record<string, StructuralSchema> = makeSchema().properties ?? {};

/**
 * The faults of an object whose `apiVersion` and `kind` are those of an MCPServer; at most {@link MAX_FAULTS}. The status is not looked
 * at: the API server drops it from what users apply.
 */
export function findObjectFaults(object: Readonly<Record<string, unknown>>): FieldFault[] {
  const unknown = Object.keys(object).filter((name) => !ROOT_FIELDS.includes(name));
  const faults = unknown.map((name) => unknownField([name], ROOT_FIELDS));
  faults.push(...findMetadataFaults(object['metadata']));
  faults.push(...findSpecFaults(object['spec']));
  return faults.slice(0, MAX_FAULTS);
}

function findSpecFaults(spec: unknown): FieldFault[] {
  if (spec === undefined || spec === null) return [{ path: ['spec'], at: 'key', message: 'must be set' }];
  const faults = findFieldFaults(spec, SPEC, ['spec']);
  if (!isMapping(spec)) return faults;
  const parsed = MCPServerSpec.safeParse(withoutNulls(spec));
  if (parsed.success) {
    const broken = findBrokenRules(parsed.data).map(({ path, message }) => ({
      path: stepsOf(path),
      at: 'value' as const,
      message,
    }));
    return [...faults, ...broken];
  }
  if (faults.some(({ message }) => !message.startsWith('unknown field'))) return faults;
  // The runtime is stricter than the schema can say.
  const path = ['spec', ...(parsed.error.issues[0]?.path ?? []).map((step) => (typeof step === 'number' ? step : String(step)))];
  return [...faults, { path, at: 'value', message: 'does not fit the schema' }];
}

/** `spec.headers[1].value` as steps; rules name fields of our schema, which hold no dots. */
function stepsOf(path: string): (string | number)[] {
  return [...path.matchAll(/[A-Za-z0-9]+/g)].map(([step]) => (/^[0-9]+$/.test(step) ? Number(step) : step));
}
