import { expect, test } from 'vitest';
import { createAuthorizationServer, createProtectedServer } from '../../../../hack/demo/servers/authorization.ts';
import { postModern, toolsOf, withServer } from './wire.ts';

const basic = (secret: string) => `Basic ${Buffer.from(`mcpserver-operator:${secret}`).toString('base64')}`;

/** Asks for a token and gives the status and what the answer says. */
async function ask(origin: string, form: Record<string, string>, secret = 'sample-secret-of-the-operator') {
  const headers = { authorization: basic(secret) };
  const response = await fetch(`${origin}/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
  const body: Record<string, unknown> = JSON.parse(await response.text());
  return { status: response.status, ...body };
}

test('the metadata names the issuer under which it was asked', () =>
  withServer(createAuthorizationServer, async (url) => {
    const { origin } = new URL(url);
    const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ issuer: origin, token_endpoint: `${origin}/token` });
    expect((await fetch(url)).status).toBe(404);
  }));

test('a token is for the client that proves itself, and for one resource', () =>
  withServer(createAuthorizationServer, async (url) => {
    const { origin } = new URL(url);
    const form = { grant_type: 'client_credentials', resource: 'http://a/mcp' };
    expect(await ask(origin, form)).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 120 });
    expect(await ask(origin, form, 'wrong')).toEqual({ status: 401, error: 'invalid_client' });
    expect(await ask(origin, { ...form, grant_type: 'password' })).toEqual({ status: 400, error: 'unsupported_grant_type' });
    expect(await ask(origin, { grant_type: 'client_credentials' })).toEqual({ status: 400, error: 'invalid_target' });
  }));

test('the protected server takes tokens that were issued for it, and no others', () =>
  withServer(createAuthorizationServer, (issuer) =>
    withServer(createProtectedServer, async (url) => {
      const list = async (resource: string) => {
        const token = await ask(new URL(issuer).origin, { grant_type: 'client_credentials', resource });
        return postModern(url, 'tools/list', { authorization: `Bearer ${'access_token' in token ? token.access_token : ''}` });
      };
      expect(Object.keys(toolsOf(await list(url)))).toEqual(['find_contract', 'read_contract', 'list_deadlines']);
      const refused = await list('http://another.example/mcp');
      expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
      expect((await postModern(url, 'tools/list')).status).toBe(401);
    }),
  ));
