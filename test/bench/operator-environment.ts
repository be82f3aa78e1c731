/**
 * The environment in which the chart starts the operator: what is measured is what is installed. It is read from the rendered Deployment,
 * so the two can not differ. Pure.
 */
import * as z from 'zod';
import type { Manifest } from '../../hack/chart.ts';

const Deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({ env: z.array(z.object({ name: z.string(), value: z.string() })).default([]) })]),
      }),
    }),
  }),
});

/** What the bench's own environment must not lend to the operator: its configuration, and how its Node runs. */
const FOREIGN = /^(?:KUBE|MCPSERVER_OPERATOR_|NODE_|MALLOC_|UV_|VITEST)/;

/** The variables of the operator's container over those of `ours` that every program gets. Throws when there is no Deployment. */
export function operatorEnvironment(
  manifests: readonly Manifest[],
  ours: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  const [container] = Deployment.parse(deployment).spec.template.spec.containers;
  const kept = Object.entries(ours).filter(([name]) => !FOREIGN.test(name));
  return { ...Object.fromEntries(kept), ...Object.fromEntries(container.env.map(({ name, value }) => [name, value])) };
}
