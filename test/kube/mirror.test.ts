import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMirror, isNewer, type ObjectEvent } from '../../src/kube/mirror.ts';

const object = (name: string, uid: string, resourceVersion: number) => ({
  metadata: { namespace: 'n', name, uid, resourceVersion: String(resourceVersion) },
});
type Operation =
  | { kind: 'put'; name: string; uid: string; version: number }
  | { kind: 'remove'; name: string; uid: string; version: number }
  | { kind: 'list'; objects: { name: string; uid: string; version: number }[]; isCompleted: boolean };

const item = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  uid: fc.constantFrom('1', '2'),
  version: fc.integer({ min: 1, max: 9 }),
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  item.map((rest) => ({ kind: 'put' as const, ...rest })),
  item.map((rest) => ({ kind: 'remove' as const, ...rest })),
  fc.record({
    kind: fc.constant('list' as const),
    objects: fc.uniqueArray(item, { selector: ({ name }) => name }),
    isCompleted: fc.boolean(),
  }),
);

test('whoever follows the events knows exactly the objects that are there, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      const known = new Map<string, string>();
      const follow = ({ kind, key, uid }: ObjectEvent) => {
        if (kind === 'added') {
          expect(known.has(key)).toBe(false);
          known.set(key, uid);
        } else {
          expect(known.get(key)).toBe(uid);
          if (kind === 'deleted') known.delete(key);
        }
      };
      const mirror = createMirror<ReturnType<typeof object>>(follow);
      for (const step of operations) {
        if (step.kind === 'put') mirror.put(object(step.name, step.uid, step.version));
        else if (step.kind === 'remove') mirror.remove(object(step.name, step.uid, step.version));
        else {
          mirror.beginList();
          for (const { name, uid, version } of step.objects) mirror.addListed(object(name, uid, version));
          if (step.isCompleted) mirror.finishList();
        }
        const there = [...mirror.keys()].map((key) => [key, mirror.get(key)?.metadata.uid]);
        expect(new Map(known)).toEqual(new Map(there as [string, string][]));
        expect(mirror.size()).toBe(known.size);
      }
    }),
  );
});

test('an object that a list shows unchanged is the one that was there, so that nothing is held twice', () => {
  const mirror = createMirror<ReturnType<typeof object>>(() => {});
  const before = object('a', '1', 1);
  mirror.put(before);
  mirror.beginList();
  mirror.addListed(object('a', '1', 1));
  mirror.finishList();
  expect(mirror.get('n/a')).toBe(before);
});

test.each([
  ['10', '9', true],
  ['9', '10', false],
  ['9', '9', false],
  ['100000000000000000002', '100000000000000000001', true],
  ['18446744073709551615', '18446744073709551614', true],
  ['x', '9', true],
  ['9', '', true],
])('whether version %s is later than %s: %s', (a, b, expected) => {
  expect(isNewer(a, b)).toBe(expected);
});
