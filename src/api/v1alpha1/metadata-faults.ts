/**
 * What the API server would refuse in the `metadata` of a manifest: names, labels and annotations, and fields that it does not know. The
 * mistakes of people are looked for (a number as an annotation, capitals in a name), not every rule that Kubernetes has.
 */
import { type FieldFault, type FieldPath, isMapping, unknownField } from './field-faults.ts';
import { DNS_LABEL_PATTERN } from './text.ts';

/** `metav1.ObjectMeta`. */
const FIELDS = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'name',
  'namespace',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_LABEL = new RegExp(DNS_LABEL_PATTERN);
/** The part of a label's or annotation's key behind the slash, and a label's value that is not empty. */
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** The faults of `metadata`; at most as many as it has entries, and one. */
export function findMetadataFaults(metadata: unknown): FieldFault[] {
  if (!isMapping(metadata)) return [{ path: ['metadata'], at: 'value', message: 'must be a mapping with a name' }];
  const unknown = Object.keys(metadata).filter((name) => !FIELDS.includes(name));
  return [
    ...unknown.map((name) => unknownField(['metadata', name], FIELDS)),
    ...nameFaults(metadata),
    ...textMapFaults(metadata['labels'], ['metadata', 'labels'], labelValueFault),
    ...textMapFaults(metadata['annotations'], ['metadata', 'annotations'], () => undefined),
  ];
}

function nameFaults({ name, generateName, namespace }: Record<string, unknown>): FieldFault[] {
  const faults: FieldFault[] = [];
  const fault = (field: string, message: string) => faults.push({ path: ['metadata', field], at: 'value', message });
  const isName = typeof name === 'string' && name.length <= 253 && SUBDOMAIN.test(name);
  const isGenerated = typeof generateName === 'string' && generateName !== '';
  if (name === undefined || name === null) {
    if (!isGenerated) faults.push({ path: ['metadata', 'name'], at: 'key', message: 'must be set' });
  } else if (!isName) {
    fault('name', "must be lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit, at most 253");
  }
  const isNamespace = typeof namespace === 'string' && namespace.length <= 63 && DNS_LABEL.test(namespace);
  if (namespace !== undefined && namespace !== null && !isNamespace) {
    fault('namespace', "must be lower-case letters, digits and '-', beginning and ending with a letter or digit, at most 63");
  }
  return faults;
}

function textMapFaults(map: unknown, path: FieldPath, judge: (value: string) => string | undefined): FieldFault[] {
  if (map === undefined || map === null) return [];
  if (!isMapping(map)) return [{ path, at: 'value', message: 'must be a mapping of texts' }];
  return Object.entries(map).flatMap(([key, value]): FieldFault[] => {
    const at = [...path, key];
    if (!isKey(key))
      return [{ path: at, at: 'key', message: "must be a name of letters, digits, '-', '_' and '.', or domain/name" }];
    if (typeof value !== 'string') return [{ path: at, at: 'value', message: 'must be text: put it into quotes' }];
    const message = judge(value);
    return message === undefined ? [] : [{ path: at, at: 'value', message }];
  });
}

function isKey(key: string): boolean {
  const [last = '', prefix, ...rest] = key.split('/').reverse();
  return (
    rest.length === 0 && QUALIFIED_NAME.test(last) && (prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix)))
  );
}

function labelValueFault(value: string): string | undefined {
  return value === '' || QUALIFIED_NAME.test(value) ? undefined : "must be at most 63 letters, digits, '-', '_' and '.'";
}
