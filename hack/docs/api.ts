/**
 * docs/reference/api.md: every field of MCPServer with type, default, bounds and rules, from the schema that the API server gets. Pure.
 * One section per object, in the order of the schema; a field that is an object links to its section.
 */
import { makeCRD } from '../../src/api/v1alpha1/crd.ts';
import { ALLOWED_HOSTS, API_VERSION, KIND, PROBE_ID, PROBE_REQUESTED_AT } from '../../src/api/v1alpha1/group.ts';
import type { StructuralSchema } from '../../src/api/v1alpha1/structural-schema.ts';
import { cell, code, GENERATED, link, page, table } from './markdown.ts';

/** A longer pattern says nothing to a reader; what it holds is in the description or in the message of a rule. */
const MAX_PATTERN = 64;
/** Longest default that is shown whole. Defaults of objects are those of their fields. */
const MAX_DEFAULT = 64;

const INTRODUCTION = `An \`${KIND}\` names a server, and says who asks and what is expected. The operator fills in \`status\`. \`kubectl explain mcpserver.spec\` tells
the same in a terminal. A field without a mark is optional; **required** ones have no default. The rules are checked by the API server when an
object is written, and by \`mcpserver-operator validate\` before that.

Strings are counted in characters. Fields that nobody knows are dropped by the API server; \`kubectl apply\` and \`validate\` refuse them.`;

const ANNOTATIONS = [
  [
    PROBE_REQUESTED_AT,
    'MCPServer',
    'Any new value asks for one probe at once, whatever the backoff. `status.lastHandledProbeRequest` echoes it.',
  ],
  [
    ALLOWED_HOSTS,
    'Secret',
    'Hosts that the values of this Secret may be sent to, separated by commas: `a.example.com`, `*.b.example.com`. Without it they may be sent to the host of any spec in the namespace, unless `--require-secret-host-binding` is set.',
  ],
  [
    PROBE_ID,
    'Event',
    'Written by the operator: the probe that found what the event tells, as in its log and in `status.history`.',
  ],
] as const;

/** The whole page. */
export function renderAPI(): string {
  const [version] = makeCRD().spec.versions;
  const { spec = {}, status = {} } = version?.schema.openAPIV3Schema.properties ?? {};
  const columns = (version?.additionalPrinterColumns ?? []).map(({ name, description, jsonPath, priority }) => [
    code(name.toUpperCase()),
    priority === undefined ? 'always' : '`-o wide`',
    code(jsonPath),
    cell(description),
  ]);
  const selectors = (version?.selectableFields ?? []).map(({ jsonPath }) => `\`${jsonPath.slice(1)}\``).join(', ');
  return page([
    GENERATED,
    `# ${KIND} (${API_VERSION})`,
    INTRODUCTION,
    ...sections('spec', spec),
    ...sections('status', status),
    '## Columns',
    table(['Column', 'Shown', 'From', 'What it tells'], columns),
    '## Selectors',
    `\`kubectl get mcpservers --field-selector\` knows ${selectors}, beside \`metadata.name\` and \`metadata.namespace\`.`,
    '## Annotations',
    table(
      ['Annotation', 'On', 'What it does'],
      ANNOTATIONS.map(([name, kind, what]) => [code(name), code(kind), cell(what)]),
    ),
  ]);
}

/** The section of an object, and those of the objects below it. `path` is its name as in `kubectl explain`, with `[]` for items. */
function sections(path: string, node: StructuralSchema): string[] {
  const depth = path.split('.').length;
  const fields = fieldsOf(node, '');
  const rows = fields.map(({ name, field, required }) => [
    code(name),
    typeCell(`${path}.${name}`, field),
    required ? '**required**' : defaultCell(field),
    cell([field.description ?? '', ...boundsOf(field)].join(' ')),
  ]);
  const rules = [node, ...fields.map(({ field }) => field).filter((field) => !isObject(field))].flatMap(
    (each) => each['x-kubernetes-validations'] ?? [],
  );
  return [
    `${'#'.repeat(Math.min(depth + 1, 4))} ${path}`,
    ...(node.description === undefined ? [] : [node.description]),
    table(['Field', 'Type', 'Default', 'Description'], rows),
    ...(rules.length === 0 ? [] : [`Rules:\n\n${rules.map(({ message }) => `- ${message}`).join('\n')}`]),
    ...fields.flatMap(({ name, field }) => {
      const child = objectIn(field);
      return child === undefined || (child === field && isSmall(field))
        ? []
        : sections(`${path}.${name}${child === field ? '' : '[]'}`, child);
    }),
  ];
}

interface FieldRow {
  readonly name: string;
  readonly field: StructuralSchema;
  readonly required: boolean;
}

/** The fields of `node`; those of a small object stand behind it, as `secretKeyRef.name`. */
function fieldsOf(node: StructuralSchema, prefix: string): FieldRow[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const row = { name, field, required: node.required?.includes(key) === true };
    return isSmall(field) ? [row, ...fieldsOf(field, `${name}.`)] : [row];
  });
}

const isObject = (node: StructuralSchema) => node.properties !== undefined;

/** One or two fields that must be there and nothing else to say, such as a reference to a key of a Secret: no section of its own. */
function isSmall(node: StructuralSchema): boolean {
  const fields = Object.entries(node.properties ?? {});
  if (fields.length === 0 || fields.length > 2 || node['x-kubernetes-validations'] !== undefined) return false;
  return fields.every(
    ([key, field]) => node.required?.includes(key) && field.items === undefined && (!isObject(field) || isSmall(field)),
  );
}

/** The object that has a section of its own: the field itself, or the items of a list. */
function objectIn(field: StructuralSchema): StructuralSchema | undefined {
  if (isObject(field)) return field;
  return field.items !== undefined && isObject(field.items) ? field.items : undefined;
}

function typeCell(path: string, field: StructuralSchema): string {
  if (field['x-kubernetes-int-or-string']) return 'integer or string';
  if (isObject(field)) return isSmall(field) ? 'object' : link('object', path);
  if (field.items === undefined) return field.type ?? '';
  return isObject(field.items) ? `list of ${link('objects', `${path}[]`)}` : `list of ${field.items.type ?? ''}s`;
}

function defaultCell({ default: value }: StructuralSchema): string {
  const text = value === undefined || typeof value === 'object' ? '' : JSON.stringify(value);
  return code(text.length > MAX_DEFAULT ? '' : text);
}

/** Whole sentences: what values are allowed. */
function boundsOf(node: StructuralSchema): string[] {
  const found: string[] = [];
  if (node.enum !== undefined) found.push(`One of ${node.enum.map((value) => `\`${String(value)}\``).join(', ')}.`);
  if (node.minimum !== undefined || node.maximum !== undefined) found.push(rangeOf(node.minimum, node.maximum, ''));
  // A code or a time has its length by its nature.
  if (node.maxLength !== undefined && node.enum === undefined) found.push(rangeOf(node.minLength, node.maxLength, ' characters'));
  if (node.maxItems !== undefined) found.push(`At most ${node.maxItems} items.`);
  if (node['x-kubernetes-list-type'] === 'set') found.push('Each item once.');
  const keys = node['x-kubernetes-list-map-keys'];
  if (keys !== undefined) found.push(`One item for each ${keys.map((key) => `\`${key}\``).join(' and ')}.`);
  if (node.pattern !== undefined && node.pattern.length <= MAX_PATTERN) found.push(`Pattern \`${node.pattern}\`.`);
  if (node.format === 'date-time') found.push('RFC 3339.');
  if (node.items !== undefined && !isObject(node.items))
    found.push(...boundsOf(node.items).map((text) => `Item: ${lowerFirst(text)}`));
  return found;
}

function rangeOf(min: number | undefined, max: number | undefined, unit: string): string {
  if (max === undefined) return `At least ${min ?? 0}${unit}.`;
  return min === undefined || min === 0 ? `At most ${max}${unit}.` : `${min} to ${max}${unit}.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
