/**
 * Questions to the API server with parsed answers: what comes back fits its schema or is a fault in our words. No text of the server but
 * the CamelCase name of its reason is passed on.
 */
import type * as z from 'zod';
import type { KubeClient, KubeFailure, KubeRequest } from '../../kube/client.ts';
import { parseJSON } from '../../kube/response.ts';

export type Answer<T> =
  | { readonly kind: 'read'; readonly value: T }
  /** `status` is that of HTTP, where there was one; `why` is for people. */
  | { readonly kind: 'failed'; readonly status?: number; readonly why: string };

/** Asks, and reads the answer by `schema`. Never rejects. */
export async function ask<T>(client: KubeClient, request: KubeRequest, schema: z.ZodType<T>): Promise<Answer<T>> {
  const result = await client.request(request);
  if (result.kind !== 'ok') {
    return { kind: 'failed', why: describeFailure(result), ...(result.kind === 'status' && { status: result.status }) };
  }
  const parsed = schema.safeParse(parseJSON(result.body));
  return parsed.success
    ? { kind: 'read', value: parsed.data }
    : { kind: 'failed', why: 'the answer is not that of a Kubernetes API' };
}

/** What kept a call from its answer, in a few words. */
export function describeFailure(failure: KubeFailure): string {
  switch (failure.kind) {
    case 'status':
      return `HTTP ${failure.status}${failure.reason === undefined ? '' : ` ${failure.reason}`}`;
    case 'network':
      if (failure.errorCode === 'DEADLINE_EXCEEDED') return 'no answer in time';
      return failure.errorCode === 'NO_CREDENTIALS'
        ? 'the credentials can not be read'
        : (failure.errorCode ?? 'the connection broke');
    case 'aborted':
      return 'interrupted';
  }
}
