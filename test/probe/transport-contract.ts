/**
 * What must hold for a healthy server whatever era and transport it speaks: one suite, called once for each of them.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createSanitizer } from '../../src/probe/sanitize.ts';
import { createSnapshot } from '../../src/probe/snapshot.ts';
import { until } from '../platform/until.ts';
import { type Offer, TOOL } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { createTestbed, reasonOf } from './testbed.ts';

/** `connections`: sockets that a whole probe takes, one unless told otherwise. */
export type Contestant = (offer: Offer) => { behaviour: Behaviour; spec: Record<string, unknown>; connections?: number };

export function describeTransport(name: string, contestant: Contestant): void {
  describe(name, () => {
    let bed = createTestbed();
    afterEach(async () => {
      await bed.close();
      bed = createTestbed();
    });
    const visit = async (offer: Offer) => {
      const { behaviour, spec, connections = 1 } = contestant(offer);
      const server = await bed.serve(behaviour);
      return { server, connections, report: await bed.probe({ url: server.url(), ...spec }) };
    };
    const finding = async (offer: Offer) => {
      const { report } = await visit(offer);
      if (report.outcome.kind !== 'succeeded') throw new Error(`not available: ${reasonOf(report)}`);
      return report.outcome.finding;
    };

    it('reads every advertised list and no other', async () => {
      const found = await finding({
        capabilities: { tools: {}, resources: {}, prompts: {}, logging: {} },
        lists: {
          'tools/list': { tools: [TOOL, { ...TOOL, name: 'add' }] },
          'resources/list': { resources: [{ uri: 'file:///a', name: 'a' }] },
          'resources/templates/list': { resourceTemplates: [{ uriTemplate: 'file:///{x}', name: 't' }] },
          'prompts/list': { prompts: [{ name: 'p' }] },
        },
      });
      expect(found.snapshot.features).toEqual(['logging', 'prompts', 'resources', 'tools']);
      expect(found.snapshot.tools?.items.map((item) => item.name)).toEqual(['add', 'echo']);
      expect(found.snapshot.resources?.items.map((item) => item.name)).toEqual(['a']);
      expect(found.snapshot.resourceTemplates?.items.map((item) => item.name)).toEqual(['t']);
      expect(found.snapshot.prompts?.items.map((item) => item.name)).toEqual(['p']);
    });

    it('asks for no list that is not advertised, and an absent list is not an empty one', async () => {
      const { report, server } = await visit({ capabilities: {}, lists: {} });
      expect(reasonOf(report)).toBe('Available');
      expect(server.calls().filter((call) => call.endsWith('/list'))).toEqual([]);
      expect(report).toMatchObject({ outcome: { finding: { snapshot: { features: [] } } } });
    });

    it('passes over resource templates that the server does not know', async () => {
      const found = await finding({ capabilities: { resources: {} }, lists: { 'resources/list': { resources: [] } } });
      expect(found.snapshot.resources?.items).toEqual([]);
      expect(found.snapshot).not.toHaveProperty('resourceTemplates');
    });

    it('fails when an advertised list is refused', async () => {
      const { report } = await visit({ capabilities: { tools: {}, prompts: {} }, lists: { 'tools/list': { tools: [TOOL] } } });
      expect(report.verdict).toMatchObject({ kind: 'failing' });
    });

    it('counts a malformed item and leaves it out', async () => {
      const found = await finding({ lists: { 'tools/list': { tools: [TOOL, 7, { name: 'no schema' }] } } });
      expect(found.snapshot.tools).toMatchObject({ invalid: 2, items: [{ name: 'echo' }] });
    });

    it('gives the same digest in every era', async () => {
      const found = await finding({});
      expect(found.snapshot.digest).toBe(createSnapshot({ features: ['tools'], tools: [TOOL] }, createSanitizer([]))?.digest);
    });

    it('does it all on the fewest connections and leaves none open', async () => {
      const { server, connections } = await visit({});
      expect(server.connections()).toBe(connections);
      await until(() => server.open() === 0, { what: 'the connections are closed' });
    });
  });
}
