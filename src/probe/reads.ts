/**
 * Notes which versions of Secrets and ConfigMaps a probe read, so that whoever looks at them later can tell whether they changed since,
 * with no moment in between at which a change could be missed. It keeps versions only: no value, no key, no annotation.
 */
import type { ReferenceName } from '../api/v1alpha1/messages.ts';
import type { DataObject, Lookup, ReferenceRead, References } from './ports.ts';

export interface ReadRecorder {
  /** The same references; what is read through them is noted. */
  readonly references: References;
  /** What was read so far, each object once. Bounded by the references of one spec: see `reconcile/references.ts`. */
  reads(): readonly ReferenceRead[];
  /** What the API server did not let us read at the last try; undefined when there is none. */
  forbidden(): ReferenceName | undefined;
}

/** Records one probe. What could not be read (the API server is away) is not noted: nothing is known about it. */
export function recordReads(references: References): ReadRecorder {
  const noted = new Map<string, ReferenceRead>();
  let forbidden: ReferenceName | undefined;
  const judge = <T>(kind: ReferenceName['kind'], name: string, found: Lookup<T>) => {
    if (found.kind === 'unavailable' && found.forbidden) forbidden = { kind, name };
    else if (forbidden?.kind === kind && forbidden.name === name) forbidden = undefined;
    return found;
  };
  const note = (kind: ReferenceRead['kind'], name: string, found: Lookup<DataObject>) => {
    const id = `${kind}/${name}`;
    if (found.kind === 'found') noted.set(id, { kind, name, version: found.value.resourceVersion });
    // A Secret that was read and then went away keeps its version: what was sent came from it, and its absence is the news.
    else if (found.kind === 'notFound' && !noted.has(id)) noted.set(id, { kind, name, version: undefined });
    return judge(kind, name, found);
  };
  return {
    references: {
      readSecret: async (namespace, name, signal) => note('Secret', name, await references.readSecret(namespace, name, signal)),
      readConfigMap: async (namespace, name, signal) =>
        note('ConfigMap', name, await references.readConfigMap(namespace, name, signal)),
      readService: async (namespace, name, signal) =>
        judge('Service', name, await references.readService(namespace, name, signal)),
    },
    reads: () => [...noted.values()],
    forbidden: () => forbidden,
  };
}
