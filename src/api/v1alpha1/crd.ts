/**
 * The CustomResourceDefinition of MCPServer, made from the schemas and the rules. `hack/generate.ts` writes it to disk; nothing else
 * describes the API to the API server. It holds no conversion, no webhook and no field that keeps unknown content.
 */
import { assert } from '../../platform/assert.ts';
import { RULED_PATHS } from './broken-rule.ts';
import { GROUP, KIND, PLURAL, SHORT_NAME, VERSION } from './group.ts';
import { RULES } from './rules.ts';
import { MCPServerSpec } from './spec.ts';
import { MCPServerStatus } from './status.ts';
import { inOrder, type StructuralSchema, toStructuralSchema, type Validation } from './structural-schema.ts';

/** One column of `kubectl get`; priority 1 is shown with `-o wide` only. */
interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly description: string;
  readonly jsonPath: string;
  readonly priority?: 1;
}

const readyCondition = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;

const COLUMNS: readonly Column[] = [
  { name: 'Ready', type: 'string', description: 'Whether the server offered all it should.', jsonPath: readyCondition('status') },
  { name: 'State', type: 'string', description: 'The verdict in one word.', jsonPath: '.status.state' },
  { name: 'Reason', type: 'string', description: 'Why it is or is not Ready.', jsonPath: readyCondition('reason') },
  { name: 'Tools', type: 'integer', description: 'Tools that the server offers.', jsonPath: '.status.capabilities.tools.count' },
  { name: 'Age', type: 'date', description: 'Time since the object was created.', jsonPath: '.metadata.creationTimestamp' },
  // What was declared, not what answered: it is there from the start, and matters most while nothing answers.
  {
    name: 'URL',
    type: 'string',
    description: 'The declared URL or Service.',
    jsonPath: ".spec['url','serviceRef']",
    priority: 1,
  },
  {
    name: 'Protocol',
    type: 'string',
    description: 'Protocol version that was negotiated.',
    jsonPath: '.status.endpoint.protocolVersion',
    priority: 1,
  },
  { name: 'Server', type: 'string', description: 'Name that the server reports.', jsonPath: '.status.server.name', priority: 1 },
  {
    name: 'Last-Success',
    type: 'date',
    description: 'Time since the last success.',
    jsonPath: '.status.lastSuccessTime',
    priority: 1,
  },
  {
    name: 'Message',
    type: 'string',
    description: 'What happened and what to do.',
    jsonPath: readyCondition('message'),
    priority: 1,
  },
];

/** The whole document, ready to be printed as YAML or sent as JSON. */
export function makeCRD() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: KIND.toLowerCase(), shortNames: [SHORT_NAME] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          selectableFields: [{ jsonPath: '.status.state' }, { jsonPath: '.spec.transport' }, { jsonPath: '.spec.suspend' }],
          additionalPrinterColumns: COLUMNS,
          schema: { openAPIV3Schema: makeSchema() },
        },
      ],
    },
  };
}

/** The schema of the whole object. The status default is served at creation, before the operator has written a byte (page 2). */
export function makeSchema(): StructuralSchema {
  const spec = toStructuralSchema(MCPServerSpec, 'spec');
  const status = toStructuralSchema(MCPServerStatus.prefault({}), 'status');
  for (const path of RULED_PATHS) attachRules(spec, path);
  return {
    description:
      'An MCP server that is probed as a real client would: whether it works, what it offers, and when either changes.',
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec,
      status,
    },
  };
}

/** Puts the rules of `path` into the node that it names. */
function attachRules(spec: StructuralSchema, path: keyof typeof RULES): void {
  let node: StructuralSchema = spec;
  for (const step of path.replaceAll('[]', '.[]').split('.').slice(1)) {
    const next = step === '[]' ? node.items : node.properties?.[step];
    assert(next !== undefined, `no field at ${path}`);
    node = next;
  }
  const validations: Validation[] = RULES[path].map(({ cel, message, fieldPath }) => ({
    ...(fieldPath === undefined ? {} : { fieldPath }),
    message,
    rule: cel,
  }));
  const ordered = inOrder({ ...node, 'x-kubernetes-validations': validations });
  for (const key of Object.keys(node)) Reflect.deleteProperty(node, key);
  Object.assign(node, ordered);
}
