/**
 * The MCPServer objects of the bench: made, counted and removed through the API.
 */
import * as z from 'zod';
import { type API, API_WIDTH } from './api.ts';
import { runPool } from './pool.ts';

const NAMESPACE = 'default';
const API_VERSION = 'mcpserver-operator.dev/v1alpha1';
const RESOURCE = `/apis/${API_VERSION}`;
export const COLLECTION = `${RESOURCE}/namespaces/${NAMESPACE}/mcpservers`;
/** The same objects, without their spec and status in the answer. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const LIST_METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** What a write of its status needs to know of an object. */
export const Identity = z.object({ name: z.string(), uid: z.string(), resourceVersion: z.string() });
export type Identity = z.output<typeof Identity>;

const Created = z.object({ metadata: Identity });
const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()).nullable() });

/** What is declared for one server, besides its name. */
export interface Declaration {
  readonly url: string;
  /** Laid over the spec's defaults. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The name of object `index`: by it they are listed in order. */
export function objectName(index: number): string {
  return `server-${String(index).padStart(5, '0')}`;
}

/** A declaration for each of the first `count` servers of a farm, each with `spec` laid over. */
export function declare(
  { urls }: { readonly urls: readonly string[] },
  count: number,
  spec?: Declaration['spec'],
): Declaration[] {
  return urls.slice(0, count).map((url) => (spec === undefined ? { url } : { url, spec }));
}

/** 0 … count − 1. */
export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The body of a POST of an object. */
export function declarationBody(name: string, { url, spec }: Declaration): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'MCPServer', metadata: { name }, spec: { url, ...spec } });
}

/** Creates an object for each declaration, 16 at a time, and resolves with who they are, in the same order. */
export async function createObjects(api: API, declarations: readonly Declaration[]): Promise<Identity[]> {
  const identities = new Array<Identity>(declarations.length);
  await runPool(declarations.length, API_WIDTH, async (index) => {
    const declared = declarations[index];
    if (declared === undefined) return;
    const body = declarationBody(objectName(index), declared);
    const answer = await api.call({ method: 'POST', path: COLLECTION, body, accept: METADATA_ONLY });
    identities[index] = Created.parse(JSON.parse(answer)).metadata;
  });
  return identities;
}

/** Removes all objects and resolves when none is left. Rejects when some stay. */
export async function deleteObjects(api: API): Promise<void> {
  await api.call({ method: 'DELETE', path: COLLECTION, accept: LIST_METADATA_ONLY });
  const { items } = List.parse(
    JSON.parse(await api.call({ method: 'GET', path: `${COLLECTION}?limit=1`, accept: LIST_METADATA_ONLY })),
  );
  // An empty list has null for its items.
  if (items !== null && items.length > 0) throw new Error('objects are left after their collection was deleted');
}

/** The version of the collection to watch from. */
export async function readVersion(api: API): Promise<string> {
  const text = await api.call({ method: 'GET', path: `${COLLECTION}?limit=1`, accept: LIST_METADATA_ONLY });
  return List.parse(JSON.parse(text)).metadata.resourceVersion;
}

/** The status that the operator wrote to object `index`, as JSON. */
export async function readStatus(api: API, index: number): Promise<Record<string, unknown>> {
  const text = await api.call({ method: 'GET', path: `${COLLECTION}/${objectName(index)}` });
  return z.object({ status: z.record(z.string(), z.unknown()) }).parse(JSON.parse(text)).status;
}

/** The body of a PUT of `status`: the least that names the object. */
export function statusBody(identity: Identity, status: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: 'MCPServer', metadata: { namespace: NAMESPACE, ...identity }, status });
}
