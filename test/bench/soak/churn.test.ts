import { expect, test } from 'vitest';
import { type Action, firstObjects, planChurn } from './churn.ts';
import { createSeededRandom } from './seeded-random.ts';

const OPTIONS = { servers: 100, failingShare: 0.2, restartEvery: 300 };
const plan = (seed: number, count = 5_000): Action[] => {
  const actions = planChurn(createSeededRandom(seed), OPTIONS);
  return Array.from({ length: count }, () => actions.next().value);
};

test('the seed alone decides what happens', () => {
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
});

test('everything happens, and the API server is restarted at its pace', () => {
  const actions = plan(1);
  expect(new Set(actions.map(({ kind }) => kind))).toEqual(new Set(['create', 'delete', 'edit', 'flap', 'restart']));
  const flaps = actions.flatMap((action) => (action.kind === 'flap' ? [action.behaviour.kind] : []));
  expect(new Set(flaps)).toEqual(new Set(['refused', 'tarpit', 'unavailable', 'healthy', 'legacy']));
  expect(actions.filter(({ kind }) => kind === 'restart')).toHaveLength(Math.floor(5_000 / 300));
});

test('only what exists is edited or deleted, only what does not is created, and the fleet keeps its size and its health', () => {
  const present = new Set(firstObjects(OPTIONS));
  const failing = new Set<number>();
  for (const action of plan(3)) {
    switch (action.kind) {
      case 'create':
        expect(present.has(action.index)).toBe(false);
        present.add(action.index);
        break;
      case 'delete':
        expect(present.delete(action.index)).toBe(true);
        break;
      case 'edit':
        expect(present.has(action.index)).toBe(true);
        expect(action.periodSeconds >= 10 && action.periodSeconds <= 30).toBe(true);
        break;
      case 'flap':
        if (action.behaviour.kind === 'healthy' || action.behaviour.kind === 'legacy') failing.delete(action.index);
        else failing.add(action.index);
        break;
      case 'restart':
        break;
    }
    expect(Math.abs(present.size - 50)).toBeLessThanOrEqual(1);
    expect(failing.size).toBeLessThanOrEqual(21);
  }
});
