/**
 * Whether the CRD is there, accepted, and that of this version of the operator. Who may not read CRDs (the operator's own identity may
 * not) learns from discovery whether it is served, and no more.
 */
import * as z from 'zod';
import { makeSchema } from '../../api/v1alpha1/crd.ts';
import { API_VERSION, GROUP, KIND, PLURAL, VERSION } from '../../api/v1alpha1/group.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ask } from './answers.ts';
import { type CheckResult, type Finding, failed, passed, skipped, warning } from './check.ts';

const CRD_NAME = `${PLURAL}.${GROUP}`;
const INSTALL = 'Install the chart with crds.enabled: true, or run `kubectl apply --server-side -f crds/`.';

const Definition = z.object({
  spec: z.object({
    versions: z.array(
      z.object({
        name: z.string(),
        served: z.boolean(),
        subresources: z.object({ status: z.unknown() }).optional(),
        schema: z.object({ openAPIV3Schema: z.unknown() }).optional(),
      }),
    ),
  }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish() }).optional(),
});
type Definition = z.output<typeof Definition>;

const Resources = z.object({ resources: z.array(z.object({ name: z.string() })) });

/** `pre`: before the installation, when no CRD is right, too. */
export async function examineDefinition(client: KubeClient, { pre }: { readonly pre: boolean }): Promise<CheckResult[]> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${CRD_NAME}`;
  const answer = await ask(client, { method: 'GET', path }, Definition);
  if (answer.kind === 'read') return judgeDefinition(answer.value, pre);
  if (answer.status === 404) return [{ check: 'crd', finding: absent(pre) }];
  if (answer.status === 403) return examineDiscovery(client, pre);
  return [
    { check: 'crd', finding: failed(`${CRD_NAME} can not be read (${answer.why})`, 'Try again when the API server is well.') },
  ];
}

function absent(pre: boolean): Finding {
  return pre ? passed('not there yet; the installation brings it') : failed(`${CRD_NAME} is not installed`, INSTALL);
}

async function examineDiscovery(client: KubeClient, pre: boolean): Promise<CheckResult[]> {
  const answer = await ask(client, { method: 'GET', path: `/apis/${API_VERSION}` }, Resources);
  const unread = skipped('this identity may not read CRDs: ask with that of an administrator');
  if (answer.kind === 'read' && answer.value.resources.some(({ name }) => name === `${PLURAL}/status`)) {
    return [
      { check: 'crd', finding: passed(`${PLURAL} of ${API_VERSION} are served`) },
      { check: 'crdSchema', finding: unread },
    ];
  }
  if (answer.kind === 'failed' && answer.status !== 404) return [{ check: 'crd', finding: unread }];
  return [{ check: 'crd', finding: absent(pre) }];
}

function judgeDefinition({ spec, status }: Definition, pre: boolean): CheckResult[] {
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type)?.status;
  const accepted = condition('NamesAccepted') === 'True';
  const version = spec.versions.find(({ name, served }) => name === VERSION && served);
  const names: CheckResult = {
    check: 'crdNames',
    finding: accepted
      ? passed(`${PLURAL}, ${KIND} and the short name are accepted`)
      : failed(
          `the API server does not accept the names of ${CRD_NAME}`,
          `Look for the name that is taken: kubectl get crd ${CRD_NAME} -o jsonpath='{.status.conditions}'.`,
        ),
  };
  if (version === undefined) return [{ check: 'crd', finding: failed(`${CRD_NAME} does not serve ${VERSION}`, INSTALL) }, names];
  const isServed = condition('Established') === 'True';
  const crd = isServed
    ? passed(`${CRD_NAME} serves ${VERSION}`)
    : failed(`${CRD_NAME} is not established`, 'Wait some seconds; if it lasts, look at its conditions.');
  return [{ check: 'crd', finding: crd }, names, { check: 'crdSchema', finding: judgeVersion(version, pre) }];
}

function judgeVersion({ schema, subresources }: Definition['spec']['versions'][number], pre: boolean): Finding {
  const difference =
    subresources === undefined ? 'subresources' : firstDifference(comparable(makeSchema()), comparable(schema?.openAPIV3Schema));
  if (difference === undefined) return passed('the schema is that of this version');
  const message = `the CRD is that of another version, and differs first at ${difference}`;
  return pre
    ? warning(message, 'Apply the CRD of the new version together with it.')
    : failed(message, `${INSTALL} Then restart the operator.`);
}

/** JSON without the one default that the chart's value probe.timeoutSeconds sets. */
function comparable(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema ?? null), function (this: unknown, key, value: unknown) {
    if (key !== 'timeoutSeconds') return value;
    // Below `properties` it is the schema of the field, below `default` its value.
    return typeof value === 'number' ? undefined : { ...Object(value), default: undefined };
  });
}

/** The path of the first difference, such as `spec.auth.oauth`; the order of fields does not matter. The depth is that of our schema. */
export function firstDifference(wanted: unknown, found: unknown, path = 'the schema'): string | undefined {
  if (wanted === found) return undefined;
  if (!isObject(wanted) || !isObject(found) || Array.isArray(wanted) !== Array.isArray(found)) return path;
  for (const key of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    if (wanted[key] === undefined && found[key] === undefined) continue;
    // What another version added is not ours to name at length.
    const step = `${path === 'the schema' ? '' : `${path}.`}${key.slice(0, 64)}`;
    const difference = firstDifference(wanted[key], found[key], key === 'properties' || key === 'items' ? path : step);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
