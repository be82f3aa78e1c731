import { afterEach, describe, expect, it } from 'vitest';
import { factOfRefusal } from '../../src/probe/authorization-fact.ts';
import { findAuthorizationServer } from '../../src/probe/authorization-server.ts';
import { type OAuthHTTP, Unanswered } from '../../src/probe/oauth-http.ts';

const asked: string[] = [];
afterEach(() => void asked.splice(0));

type Answer = object | string | number;

/** Answers by URL: an object or text is a 200, a number a status. */
function http(answers: Record<string, Answer>): OAuthHTTP {
  return {
    async request(url) {
      asked.push(url);
      const answer = answers[url] ?? 404;
      if (typeof answer === 'number')
        throw new Unanswered({ kind: 'refused', fact: factOfRefusal(answer, undefined, undefined) });
      return new Response(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
    sent: () => false,
    close() {},
  };
}

const ISSUER = 'https://issuer.example.com/realms/a';
const RFC8414 = 'https://issuer.example.com/.well-known/oauth-authorization-server/realms/a';
const INSERTED = 'https://issuer.example.com/.well-known/openid-configuration/realms/a';
const OPENID = 'https://issuer.example.com/realms/a/.well-known/openid-configuration';
const good = { issuer: ISSUER, token_endpoint: `${ISSUER}/token`, grant_types_supported: ['client_credentials'] };

const find = (answers: Record<string, Answer>, issuer = ISSUER) =>
  findAuthorizationServer({ issuer, tokenURL: undefined }, http(answers));
const detailOf = async (answers: Record<string, Answer>, issuer = ISSUER) => {
  const found = await find(answers, issuer);
  if (found.kind !== 'refused' || found.fact.kind !== 'authorizationServer') return found.kind;
  return found.fact.detail ?? found.fact.problem;
};

describe('metadata', () => {
  it('is looked for where RFC 8414 puts it, and then where OpenID Connect does, with the path behind and before', async () => {
    expect(await find({ [RFC8414]: good })).toMatchObject({ kind: 'found', server: good });
    expect(asked.splice(0)).toEqual([RFC8414]);
    expect(await find({ [INSERTED]: good })).toMatchObject({ kind: 'found', server: good });
    expect(asked.splice(0)).toEqual([RFC8414, INSERTED]);
    expect(await find({ [OPENID]: good })).toMatchObject({ kind: 'found', server: good });
    expect(asked).toEqual([RFC8414, INSERTED, OPENID]);
  });

  it('of an issuer without a path, with and without its slash, is found', async () => {
    for (const issuer of ['https://issuer.example.com', 'https://issuer.example.com/']) {
      const answers = { 'https://issuer.example.com/.well-known/oauth-authorization-server': { ...good, issuer } };
      expect((await find(answers, issuer)).kind).toBe('found');
      expect(
        (await find({ 'https://issuer.example.com/.well-known/openid-configuration': { ...good, issuer } }, issuer)).kind,
      ).toBe('found');
      asked.splice(0);
      await find({}, issuer);
      expect(asked).toHaveLength(2);
    }
  });

  it('is not needed where the token endpoint is declared', async () => {
    const tokenURL = 'https://issuer.example.com/token';
    expect(await findAuthorizationServer({ issuer: ISSUER, tokenURL }, http({}))).toEqual({
      kind: 'found',
      server: { issuer: ISSUER, token_endpoint: tokenURL },
    });
    expect(asked).toEqual([]);
  });

  it('must name the declared issuer, character by character', async () => {
    const named = (issuer: string) => ({ [RFC8414]: { ...good, issuer } });
    expect(await detailOf(named(`${ISSUER}/`))).toBe('issuerSlash');
    expect(await detailOf(named('https://issuer.example.com/realms/b'))).toBe('issuerMismatch');
    expect(await detailOf(named(ISSUER.toUpperCase()))).toBe('issuerMismatch');
    expect(await detailOf(named(ISSUER.replace('.com', '.com:443')))).toBe('issuerMismatch');
    expect(await detailOf(named('no url at all'))).toBe('issuerMismatch');
    // Equal as URLs, and yet another text.
    const slash = { 'https://a.example/.well-known/oauth-authorization-server': { ...good, issuer: 'https://a.example/' } };
    expect(await detailOf(slash, 'https://a.example')).toBe('issuerSlash');
  });

  it('of another issuer in the first place does not hide the right one in the second', async () => {
    expect((await find({ [RFC8414]: { ...good, issuer: 'https://issuer.example.com' }, [OPENID]: good })).kind).toBe('found');
    expect((await find({ [RFC8414]: '<!doctype html>', [OPENID]: good })).kind).toBe('found');
    for (const status of [302, 400, 401, 403, 405, 500]) {
      expect((await find({ [RFC8414]: status, [OPENID]: good })).kind, String(status)).toBe('found');
    }
  });

  it('that is missing in all places, or is none, is a fact of its own; what may heal comes first', async () => {
    expect(await detailOf({})).toBe('noMetadata');
    expect(await detailOf({ [RFC8414]: '[]', [OPENID]: { issuer: 7 } })).toBe('noMetadata');
    expect(await detailOf({ [RFC8414]: { issuer: ISSUER }, [OPENID]: { ...good, token_endpoint: 'token' } })).toBe('noMetadata');
    expect(await detailOf({ [RFC8414]: { ...good, grant_types_supported: 'client_credentials' } })).toBe('noMetadata');
    expect(await detailOf({ [RFC8414]: 503 })).toBe('unavailable');
    expect(await detailOf({ [OPENID]: 503 })).toBe('unavailable');
    expect(await detailOf({ [OPENID]: { ...good, issuer: 'https://b.example' } })).toBe('issuerMismatch');
    expect(await detailOf({ [RFC8414]: { ...good, issuer: 'https://b.example' } })).toBe('issuerMismatch');
    expect(await detailOf({ [RFC8414]: 302 })).toBe('redirect');
  });

  it('is not asked for twice where the server asks to wait, or was understood', async () => {
    expect(await detailOf({ [RFC8414]: 429, [OPENID]: good })).toBe('unavailable');
    const interactive = { ...good, grant_types_supported: ['authorization_code'] };
    expect(await detailOf({ [RFC8414]: interactive, [OPENID]: good })).toBe('interactiveOnly');
    expect(asked).toEqual([RFC8414, RFC8414]);
  });

  it('without a list of grants is taken at its word about nothing', async () => {
    expect((await find({ [RFC8414]: { issuer: ISSUER, token_endpoint: `${ISSUER}/token` } })).kind).toBe('found');
  });
});
