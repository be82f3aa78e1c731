/**
 * Which of many rights an identity has, by asking the API server about each as that identity (SelfSubjectAccessReview).
 */
import * as z from 'zod';
import type { Right } from '../../src/cli/doctor/rights.ts';
import type { KubeClient } from '../../src/kube/client.ts';

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const Review = z.object({ status: z.object({ allowed: z.boolean().default(false) }) });
const AT_ONCE = 8;

/** Those of `rights` that the identity of `client` has; some 2,000 are asked for in two seconds. Rejects when it may not ask. */
export async function allowedRights(client: KubeClient, rights: readonly Right[]): Promise<Right[]> {
  const held: Right[] = [];
  const queue = rights.values();
  const work = async () => {
    for (const right of queue) {
      const spec = { resourceAttributes: right };
      const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec });
      const result = await client.request({ method: 'POST', path: PATH, body, retry: true });
      if (result.kind !== 'ok') throw new Error(`no review: ${JSON.stringify(result)}`);
      if (Review.parse(JSON.parse(result.body)).status.allowed) held.push(right);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return held;
}
