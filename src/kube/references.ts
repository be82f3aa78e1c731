/**
 * Reads what a spec refers to: a Secret, a ConfigMap, a Service, by name, in the namespace of the object, at the moment of the probe.
 * It never lists, never keeps anything, and never shows a value: what fails is a kind, not a message. Decoded data is bounded.
 */
import type { DataObject, Lookup, References, ServicePorts } from '../probe/ports.ts';
import type { ReferenceVersions } from '../reconcile/ports.ts';
import type { KubeClient, KubeRequest } from './client.ts';
import { parseJSON } from './response.ts';
import { METADATA_ONLY } from './status-writer.ts';

/** The API server's own limit for the data of a Secret or ConfigMap. */
export const MAX_DATA_BYTES = 1024 * 1024;

type How = Pick<KubeRequest, 'accept' | 'retry'>;

/** Metadata only, and sent once: whoever looks for a change looks again soon, and counts on its own pace. */
const GLANCE: How = { accept: METADATA_ONLY, retry: false };

/** Reads by name with the rights of the operator; nothing is kept between two reads. */
export function createReferences({ client }: { client: KubeClient }): References & ReferenceVersions {
  const read = async <T>(
    plural: 'secrets' | 'configmaps' | 'services',
    { namespace, name, signal, ...how }: { namespace: string; name: string; signal: AbortSignal } & How,
    decode: (object: Wire) => T | undefined,
  ): Promise<Lookup<T>> => {
    // A name with a slash would be another path; no object can have it.
    if (!/^[a-z0-9.-]{1,253}$/.test(name) || name === '.' || name === '..') return { kind: 'notFound' };
    const result = await client.request({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/${plural}/${name}`,
      signal,
      ...how,
    });
    if (result.kind === 'status' && result.status === 404) return { kind: 'notFound' };
    if (result.kind === 'status' && result.status === 403) return { kind: 'unavailable', forbidden: true };
    const object = result.kind === 'ok' ? parseJSON(result.body) : undefined;
    const value = typeof object === 'object' && object !== null ? decode(object) : undefined;
    return value === undefined ? { kind: 'unavailable' } : { kind: 'found', value };
  };

  return {
    readSecret: (namespace, name, signal) =>
      read('secrets', { namespace, name, signal }, (secret) => decodeData(secret, {}, secret.data)),
    readConfigMap: (namespace, name, signal) =>
      read('configmaps', { namespace, name, signal }, (map) => decodeData(map, map.data, map.binaryData)),
    readService: (namespace, name, signal) => read('services', { namespace, name, signal }, decodeService),
    readVersion: (kind, namespace, name, signal) =>
      read(kind === 'Secret' ? 'secrets' : 'configmaps', { namespace, name, signal, ...GLANCE }, (object) => {
        const version = object.metadata?.resourceVersion;
        return typeof version === 'string' ? version : undefined;
      }),
  };
}

/** As much of the three kinds as is read here. */
interface Wire {
  readonly metadata?: { readonly resourceVersion?: unknown; readonly annotations?: unknown } | null;
  readonly data?: unknown;
  readonly binaryData?: unknown;
  readonly spec?: { readonly ports?: unknown } | null;
}

/** Undefined when something is not as the API promises: then nothing is known, rather than half of it. */
function decodeData(object: Wire, plain: unknown, encoded: unknown): DataObject | undefined {
  const resourceVersion = object.metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') return undefined;
  const data = new Map<string, Uint8Array>();
  let bytes = 0;
  const add = (key: string, value: Buffer | undefined): boolean => {
    bytes += value?.length ?? 0;
    if (value === undefined || bytes > MAX_DATA_BYTES) return false;
    data.set(key, value);
    return true;
  };
  for (const [key, value] of strings(plain)) if (!add(key, Buffer.from(value))) return undefined;
  for (const [key, value] of strings(encoded)) if (!add(key, decodeBase64(value))) return undefined;
  return { data, annotations: Object.fromEntries(strings(object.metadata?.annotations)), resourceVersion };
}

/** Strict, unlike Buffer.from, which skips what it does not know and would make another credential of it. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function strings(value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function decodeService(service: Wire): ServicePorts | undefined {
  if (!service.spec) return undefined;
  const ports = Array.isArray(service.spec.ports) ? (service.spec.ports as { name?: unknown; port?: unknown }[]) : [];
  return {
    ports: ports.flatMap(({ name, port }) =>
      typeof port === 'number' ? [{ port, ...(typeof name === 'string' && name !== '' ? { name } : {}) }] : [],
    ),
  };
}
