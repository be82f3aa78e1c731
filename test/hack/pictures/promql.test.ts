import { describe, expect, it } from 'vitest';
import { resolvePromQL } from '../../../hack/pictures/promql.ts';
import { parseExposition } from '../../../hack/pictures/registry.ts';

const registry = parseExposition(`# HELP a Says nothing.
# TYPE a gauge
a{x="1",y="one"} 1
a{x="2",y="two"} 1
b{y="one"} 2
h_bucket{le="1",x="1"} 3
plain 4
`);
const resolve = (expression: string) => [...resolvePromQL(expression, registry)].sort();

describe('labels of the result', () => {
  it.each<[string, string[]]>([
    ['1 + 2', []],
    ['sum(a)', []],
    ['sum by (x) (a)', ['x']],
    ['sum(a) by (x, y)', ['x', 'y']],
    ['max by (x, pod) (rate(a[5m])) > 0', ['pod', 'x']],
    ['time() - max by (x) (a) < 10 and max by (x) (a) >= 3', ['x']],
    ['sum by (y) (a) * on (y) group_left(x) max by (x, y) (a)', ['x', 'y']],
    ['histogram_quantile(0.9, sum by (le, x) (rate(h_bucket[5m])))', ['x']],
    ['topk(3, sum by (x) (a)) / 2', ['x']],
    ['max by (y) (a) == 0 unless on (y) b{y="one"}', ['y']],
    ['absent(plain)', []],
    ['-sum by (x) (a{y=~"o.*", x!="9"} offset 1h)', ['x']],
  ])('%s', (expression, labels) => {
    expect(resolve(expression)).toEqual(labels);
  });
});

describe('what is wrong is said', () => {
  it.each<[string, RegExp]>([
    ['sum(gone)', /unknown metric gone/],
    ['a{z="1"}', /a has no label z/],
    ['a{x="3"}', /never seen with x="3"/],
    ['sum by (z) (a)', /grouped by z/],
    ['sum by (x) (sum by (y) (a))', /grouped by x/],
    ['a * on (x) b', /\* on x, which one side lacks/],
    ['b * on (y) group_left(z) a', /group_left\(z\)/],
    ['histogram_quantile(0.9, sum by (x) (rate(h_bucket[5m])))', /without the label le/],
    ['nonsense(a)', /unknown function nonsense/],
    ['sum(a', /expected ,, not end/],
    ['a b', /unexpected b/],
    ['a $ b', /not PromQL/],
    ['rate(a[5])', /expected a duration/],
    ['a{x=~y}', /matched with no string/],
    ['', /unexpected end/],
  ])('%s', (expression, words) => {
    expect(() => resolve(expression)).toThrow(words);
  });
});
