/**
 * docs/gitops.md, word by word: every command of "Try it on the demo" is run by a shell, in order, on a copy of the folder in which the
 * server and the namespace are those of this test. And what is written for Argo CD and Flux names what there is.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { resolveTools } from '../../../hack/controlplane/kubectl.ts';
import { run } from '../../../hack/controlplane/run.ts';
import { modern } from '../../probe/behaviours.ts';
import { type Scripted, startServer } from '../../probe/scripted-server.ts';
import { controlPlane, createNamespace } from '../control-plane.ts';
import { installOperator, type OperatorProcess, startOperator } from '../operator-process.ts';

const GUIDE = 'docs/gitops.md';
const FOLDER = 'docs/gitops';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: Record<string, string> };
  readonly spec: Record<string, unknown>;
}

async function manifestsOf(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(path.join(FOLDER, file), 'utf8'));
  return Array.isArray(documents) ? documents.map((document) => document.toJS() as Manifest) : [];
}

/** The blocks of commands of the section, without the one that starts the demo. */
async function commandsOfTheGuide(): Promise<string[]> {
  const section = (await readFile(GUIDE, 'utf8')).split(/^## /m).find((text) => text.startsWith('Try it on the demo')) ?? '';
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  return blocks.filter((block) => !block.startsWith('npm'));
}

describe('the guide, followed word by word', () => {
  let namespace: string;
  let argocd: string;
  let operator: OperatorProcess;
  let server: Scripted;
  let copy = '';

  beforeAll(async () => {
    namespace = await createNamespace('guide');
    argocd = `${namespace}-argocd`;
    server = await startServer(modern());
    const kubeconfig = await installOperator(controlPlane, namespace);
    operator = await startOperator({ kubeconfig, namespace });
    copy = await mkdtemp(path.join(tmpdir(), 'guide-'));
    await cp(FOLDER, path.join(copy, FOLDER), { recursive: true });
    for (const name of await readdir(path.join(copy, FOLDER, 'servers'))) await edit(path.join(copy, FOLDER, 'servers', name));
    await edit(path.join(copy, FOLDER, 'argocd/argocd-cm.yaml'));
  });

  afterAll(async () => {
    operator?.signal('SIGKILL');
    await server?.close();
    await rm(copy, { recursive: true, force: true });
  });

  const relocate = (text: string) =>
    text
      .replaceAll('http://127.0.20.1:8080/mcp', server.url())
      .replaceAll('mcp-servers', namespace)
      .replaceAll('namespace: argocd', `namespace: ${argocd}`)
      .replaceAll('-n argocd', `-n ${argocd}`)
      .replaceAll('create namespace argocd', `create namespace ${argocd}`);
  const edit = async (file: string) => writeFile(file, relocate(await readFile(file, 'utf8')));

  test('every command of it succeeds, and no diff prints anything', async () => {
    const { kubectl } = await resolveTools();
    const env = {
      ...process.env,
      KUBECONFIG: controlPlane.adminKubeconfig,
      PATH: `${path.dirname(kubectl)}:${process.env['PATH']}`,
    };
    const blocks = await commandsOfTheGuide();
    expect(blocks).toHaveLength(4);
    let said = '';
    for (const block of blocks) {
      const { code, stdout, stderr } = await run('bash', ['-euc', relocate(block)], { cwd: copy, env });
      expect(code, `${block}\n${stdout}${stderr}`).toBe(0);
      if (block.startsWith('kubectl diff')) expect(stdout).toBe('');
      said += stdout;
    }
    expect(said).toContain('mcpserver.mcpserver-operator.dev/tickets condition met');
    expect(said).toContain('https://argocd.example.com');
  });
});

describe('what stands in docs/gitops', () => {
  test('is linked from the guide, and every link leads to a file', async () => {
    const text = await readFile(GUIDE, 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((gitops[^)]*)\)/g)) {
      await expect(readdir(path.join('docs', target)).catch(() => readFile(path.join('docs', target)))).resolves.toBeDefined();
    }
  });

  test('the Application has waves and sync options, and ignores no difference', async () => {
    const [application = expect.unreachable()] = await manifestsOf('argocd/application.yaml');
    expect(JSON.stringify(application)).not.toContain('ignoreDifferences');
    expect(application.spec).toMatchObject({
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: expect.arrayContaining(['ServerSideApply=true']) },
    });
    const sources = application.spec['sources'] as { path: string }[];
    for (const source of sources) await expect(readdir(source.path)).resolves.toBeDefined();
    const [tickets = expect.unreachable()] = await manifestsOf('servers/tickets.yaml');
    expect(tickets.metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-wave': '1',
      'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true',
    });
    expect(tickets.spec, 'Git says nothing of what the actions set').not.toHaveProperty('suspend');
  });

  test('the Kustomizations of Flux refer to what is there', async () => {
    const kustomizations = await manifestsOf('flux/kustomizations.yaml');
    const names = kustomizations.map(({ metadata }) => metadata.name);
    const [source] = await manifestsOf('flux/source.yaml');
    for (const { spec } of kustomizations) {
      await expect(readdir(String(spec['path']))).resolves.toContain('kustomization.yaml');
      expect(spec['sourceRef']).toEqual({ kind: source?.kind, name: source?.metadata.name });
      for (const { name } of (spec['dependsOn'] ?? []) as { name: string }[]) expect(names).toContain(name);
    }
    const [tickets] = await manifestsOf('servers/tickets.yaml');
    const checks = kustomizations.flatMap(({ spec }) => (spec['healthChecks'] ?? []) as { kind: string; name: string }[]);
    expect(checks).toEqual([
      {
        apiVersion: 'mcpserver-operator.dev/v1alpha1',
        kind: tickets?.kind,
        name: tickets?.metadata.name,
        namespace: 'mcp-servers',
      },
    ]);
  });
});
