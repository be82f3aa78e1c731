import { describe, expect, it } from 'vitest';
import { renderDashboard, VARIABLES } from '../../../hack/pictures/dashboard.ts';
import { type Panel, SECTIONS } from '../../../hack/pictures/panels.ts';
import { resolvePromQL } from '../../../hack/pictures/promql.ts';
import { readRegistry } from '../../../hack/pictures/registry.ts';
import { concrete } from './variables.ts';

const registry = await readRegistry();
const panels = SECTIONS.flatMap((section) => section.panels);

/** As much of the JSON as is looked at here. */
interface Dashboard {
  templating: { list: { name: string; query: string }[] };
  panels: {
    id: number;
    title: string;
    type: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets?: { expr: string; refId: string }[];
  }[];
}
const dashboard = JSON.parse(renderDashboard()) as Dashboard;

describe('every panel', () => {
  it.each(panels)('$title resolves against the registry of the code, and its legend and columns are labels', (panel: Panel) => {
    for (const { expression, legend } of panel.queries) {
      const labels = resolvePromQL(concrete(expression), registry);
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) expect(labels, legend).toContain(label);
      for (const column of Object.keys(panel.columns ?? {})) if (column !== 'Value') expect(labels).toContain(column);
    }
  });

  it('says what it shows', () => {
    expect(panels.filter(({ description }) => !/^[A-Z].+\.$/.test(description))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('shows every panel once, and no two at one place', () => {
    const shown = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(shown.map(({ title }) => title)).toEqual(panels.map(({ title }) => title));
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBe(24);
  });

  it('answers the questions of an operator: states, what is not Ready, latency by stage, queue and slots, drift', () => {
    for (const title of ['States over time', 'Not Ready now', 'Latency by stage, p95', 'Queue', 'Slots', 'Drift']) {
      expect(panels.map((panel) => panel.title)).toContain(title);
    }
  });

  it('its variables are labels that the operator, or its target, has; every one that is used is declared', () => {
    for (const [name, { metric, values }] of Object.entries(VARIABLES)) {
      expect(resolvePromQL(metric, registry), name).toContain(values);
    }
    const used = [...renderDashboard().matchAll(/\$\{?(\w+)/g)].map(([, name]) => name);
    const declared = dashboard.templating.list.map(({ name }) => name);
    expect(new Set(used.filter((name) => name?.startsWith('__') !== true))).toEqual(new Set(declared));
  });

  it('every query has a letter of its own in its panel', () => {
    for (const { targets = [] } of dashboard.panels) expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });
});
