/**
 * Notes which versions of Secrets and ConfigMaps a probe read, so that whoever looks at them later can tell whether they changed since,
 * with no moment in between at which a change could be missed. It keeps versions only: no value, no key, no annotation.
 */
import type { DataObject, Lookup, ReferenceRead, References } from './ports.ts';

export interface ReadRecorder {
  /** The same references; what is read through them is noted. */
  readonly references: References;
  /** What was read so far, each object once. Bounded by the references of one spec: see `reconcile/references.ts`. */
  reads(): readonly ReferenceRead[];
}

/** Records one probe. What could not be read (the API server is away) is not noted: nothing is known about it. */
export function recordReads(references: References): ReadRecorder {
  const noted = new Map<string, ReferenceRead>();
  const note = (kind: ReferenceRead['kind'], name: string, found: Lookup<DataObject>) => {
    const id = `${kind}/${name}`;
    if (found.kind === 'found') noted.set(id, { kind, name, version: found.value.resourceVersion });
    // A Secret that was read and then went away keeps its version: what was sent came from it, and its absence is the news.
    else if (found.kind === 'notFound' && !noted.has(id)) noted.set(id, { kind, name, version: undefined });
    return found;
  };
  return {
    references: {
      readSecret: async (namespace, name, signal) => note('Secret', name, await references.readSecret(namespace, name, signal)),
      readConfigMap: async (namespace, name, signal) =>
        note('ConfigMap', name, await references.readConfigMap(namespace, name, signal)),
      readService: references.readService,
    },
    reads: () => [...noted.values()],
  };
}
