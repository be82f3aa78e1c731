/**
 * Two clients look at one server: our prober, and the client of SDK v2 that real agents use. Both views are brought into one shape, so
 * that a test can demand that they are equal. The SDK is a yardstick for tests; nothing of it is in the product.
 */
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Era, SnapshotList } from '../../src/probe/outcome.ts';
import type { ProbeReport } from '../../src/probe/ports.ts';

/** What a server offers, in the words that both clients know. Lists are names, sorted; an absent list was not advertised. */
export interface Offer {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly server: { readonly name: string; readonly version: string };
  readonly features: readonly string[];
  readonly tools?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceTemplates?: readonly string[];
  readonly prompts?: readonly string[];
}

/** The prober's view. Throws, with the verdict, when the server was not Available. */
export function offerOfProbe({ verdict }: ProbeReport): Offer {
  if (verdict.kind !== 'available') throw new Error(`not available: ${JSON.stringify(verdict)}`);
  const { era, protocolVersion, server, snapshot } = verdict.finding;
  const { features, tools, resources, resourceTemplates, prompts } = snapshot;
  return {
    era,
    protocolVersion,
    server: { name: server.name, version: server.version },
    features,
    ...(tools && { tools: namesOf(tools) }),
    ...(resources && { resources: namesOf(resources) }),
    ...(resourceTemplates && { resourceTemplates: namesOf(resourceTemplates) }),
    ...(prompts && { prompts: namesOf(prompts) }),
  };
}

/** The SDK's view of the same URL: era by negotiation unless it is the legacy one, whole lists, its session ended. Rejects when refused. */
export async function offerOfSDK(url: string, protocol?: Era, headers: Readonly<Record<string, string>> = {}): Promise<Offer> {
  const mode = protocol === 'Legacy' ? 'legacy' : 'auto';
  const client = new Client({ name: 'yardstick', version: '1.0.0' }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  try {
    return await readOffer(client);
  } finally {
    if (transport.sessionId !== undefined) await transport.terminateSession();
    await client.close();
  }
}

/** The SDK's view of a server of HTTP+SSE, whose stream it closes. Rejects when refused. */
export async function offerOfSDKOverSSE(url: string): Promise<Offer> {
  const client = new Client({ name: 'yardstick', version: '1.0.0' });
  await client.connect(new SSEClientTransport(new URL(url)));
  try {
    return await readOffer(client);
  } finally {
    await client.close();
  }
}

async function readOffer(client: Client): Promise<Offer> {
  const capabilities = client.getServerCapabilities() ?? {};
  const { name = '', version = '' } = client.getServerVersion() ?? {};
  return {
    era: client.getProtocolEra() === 'modern' ? 'Modern' : 'Legacy',
    protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
    server: { name, version },
    features: Object.keys(capabilities).sort(),
    ...(capabilities.tools && { tools: sorted((await client.listTools()).tools) }),
    ...(capabilities.resources && {
      resources: sorted((await client.listResources()).resources),
      resourceTemplates: sorted((await client.listResourceTemplates()).resourceTemplates),
    }),
    ...(capabilities.prompts && { prompts: sorted((await client.listPrompts()).prompts) }),
  };
}

function namesOf({ items }: SnapshotList): string[] {
  return items.map(({ name }) => name);
}

function sorted(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name).sort();
}
