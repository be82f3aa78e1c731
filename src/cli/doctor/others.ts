/**
 * Whether somebody else has a kind MCPServer too: there are operators that deploy MCP servers. Both can live in one cluster; what people
 * type then leads to either, so they should know. It asks discovery, which every identity may read.
 */
import * as z from 'zod';
import { GROUP, KIND, PLURAL, SHORT_NAME } from '../../api/v1alpha1/group.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ask } from './answers.ts';
import { type Finding, passed, skipped, warning } from './check.ts';

/** Aggregated discovery (Kubernetes 1.30 and newer), as far as it is read. */
const Discovery = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().optional() }).optional(),
      versions: z
        .array(
          z.object({
            resources: z
              .array(
                z.object({
                  resource: z.string().optional(),
                  responseKind: z.object({ kind: z.string().optional() }).nullish(),
                  shortNames: z.array(z.string()).nullish(),
                }),
              )
              .nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});
const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** A thousand CRDs have some 2 MiB of discovery. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** More are counted. */
const MAX_NAMED = 5;

/** Looks for `mcpservers`, MCPServer and the short name in groups of others. */
export async function examineOthers(client: KubeClient): Promise<Finding> {
  const request = { method: 'GET', path: '/apis', accept: ACCEPT, maxBodyBytes: MAX_BODY_BYTES } as const;
  const answer = await ask(client, request, Discovery);
  if (answer.kind === 'failed') return skipped(`what else is served can not be read (${answer.why})`);
  const groups = answer.value.items.flatMap(({ metadata, versions }) => {
    const resources = (versions ?? []).flatMap((version) => version.resources ?? []);
    const clashes = resources.some(
      ({ resource, responseKind, shortNames }) =>
        resource === PLURAL || responseKind?.kind === KIND || (shortNames ?? []).includes(SHORT_NAME),
    );
    return clashes && metadata?.name !== undefined && metadata.name !== GROUP ? [metadata.name] : [];
  });
  if (groups.length === 0) return passed(`nobody else serves ${PLURAL}`);
  const named = groups.slice(0, MAX_NAMED).map(shown).join(', ');
  const more = groups.length > MAX_NAMED ? ` and ${groups.length - MAX_NAMED} more` : '';
  return warning(
    `${named}${more} ${groups.length === 1 ? 'has' : 'have'} ${PLURAL} or ${SHORT_NAME} too, and kubectl may mean those`,
    `Nothing needs to go: write ${PLURAL}.${GROUP} in full in commands, scripts and RBAC.`,
  );
}

/** The group of a CRD is a DNS name; whatever else a server says is not shown. */
function shown(group: string): string {
  return /^[a-z0-9][-a-z0-9.]{0,252}$/.test(group) ? `${PLURAL}.${group}` : 'a group';
}
