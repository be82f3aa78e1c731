/**
 * The client that the official conformance suite drives: the product's own prober, pointed at the URL that the suite appends as last
 * argument. It exits with 0 when the verdict is Available. It only reads, so scenarios that wait for more stand in `baseline.yaml`.
 * Where a scenario hands out client credentials, the driver does what a user would: it looks up the issuer and declares it.
 */
import * as z from 'zod';
import { MCPServerSpec } from '../../src/api/v1alpha1/spec.ts';
import { createTestbed, dataObject } from '../probe/testbed.ts';

const Context = z.looseObject({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  private_key_pem: z.string().optional(),
  signing_algorithm: z.string().optional(),
});
type Context = z.output<typeof Context>;

const url = process.argv.at(-1) ?? '';
const context = Context.parse(JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}'));
const bed = createTestbed();
const { verdict } = await bed.probe({ url, ...(await authOf(context)) });
process.stdout.write(`${JSON.stringify(verdict, undefined, 2)}\n`);
process.exitCode = verdict.kind === 'available' ? 0 : 1;

async function authOf({ client_id: clientID, client_secret: secret, private_key_pem: key, signing_algorithm: alg }: Context) {
  const credential = secret ?? key;
  if (clientID === undefined || credential === undefined) return {};
  bed.secrets.set('client', dataObject({ credential }));
  const ref = { name: 'client', key: 'credential' };
  const { auth } = MCPServerSpec.parse({
    url,
    auth: {
      type: 'OAuthClientCredentials',
      oauth: {
        issuer: await findIssuer(),
        clientID,
        ...(secret === undefined ? { privateKeyRef: { ...ref, alg } } : { clientSecretRef: ref }),
      },
    },
  });
  return { auth };
}

/** The authorization server that the protected resource names (RFC 9728). */
async function findIssuer(): Promise<string> {
  const refused = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  const [, address = ''] = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
  const metadata = z.looseObject({ authorization_servers: z.array(z.string()).min(1) });
  return metadata.parse(await (await fetch(address)).json()).authorization_servers[0] ?? '';
}
