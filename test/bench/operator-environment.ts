/**
 * The environment in which the chart starts the operator: what is measured is what is installed. It is read from the rendered Deployment,
 * so the two can not differ: the variables as they stand there, and the bound of the heap that Node takes by itself in a container with the
 * Deployment's memory limit. Pure.
 */
import * as z from 'zod';
import type { Manifest } from '../../hack/chart.ts';

const Container = z.object({
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  resources: z.object({ limits: z.object({ memory: z.string() }) }),
});

const Deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([Container]),
      }),
    }),
  }),
});

/** What the bench's own environment must not lend to the operator: its configuration, and how its Node runs. */
const FOREIGN = /^(?:KUBE|MCPSERVER_OPERATOR_|NODE_|MALLOC_|UV_|VITEST)/;

/** The variables of the operator's container over those of `ours` that every program gets. Throws without a Deployment or a memory limit in Mi. */
export function operatorEnvironment(
  manifests: readonly Manifest[],
  ours: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  const [container] = Deployment.parse(deployment).spec.template.spec.containers;
  const kept = Object.entries(ours).filter(([name]) => !FOREIGN.test(name));
  const given = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  const options = [given['NODE_OPTIONS'], heapBound(container.resources.limits.memory)].filter((option) => option !== undefined);
  return { ...Object.fromEntries(kept), ...given, NODE_OPTIONS: options.join(' ') };
}

/** Half of the container's memory is V8's own rule; seen with `v8.getHeapStatistics()` in a control group of 512 MiB. */
function heapBound(limit: string): string {
  const mebibytes = /^(\d+)Mi$/.exec(limit)?.[1];
  if (mebibytes === undefined) throw new Error(`a memory limit in Mi was expected, not ${limit}`);
  return `--max-old-space-size=${Math.floor(Number(mebibytes) / 2)}`;
}
