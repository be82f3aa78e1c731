import { afterEach, describe, expect, it } from 'vitest';
import { modern, respond } from './behaviours.ts';
import type { Behaviour } from './scripted-server.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const bearer = { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } } as const;
const redirectTo = (httpStatus: number, location: string | undefined): Behaviour =>
  respond(httpStatus, '', location === undefined ? {} : { Location: location });

describe('redirects', () => {
  it('D4: POST /mcp/ → 307 → /mcp of the same origin is followed, with method, body and credential, and kept to', async () => {
    bed.secrets.set('token', dataObject({ t: 'secret-token' }));
    const server = await bed.serve((seen, reply) => (seen.path === '/mcp/' ? redirectTo(307, '/mcp') : modern())(seen, reply));
    const report = await bed.probe({ url: server.url('/mcp/'), auth: bearer });
    expect(report).toMatchObject({ outcome: { finding: { url: server.url('/mcp/') } } });
    expect(server.requests.map(({ path }) => path)).toEqual(['/mcp/', '/mcp', '/mcp']);
    expect(server.requests.every(({ headers }) => headers.authorization === 'Bearer secret-token')).toBe(true);
    expect(server.connections()).toBe(1);
  });

  it('another origin never gets a request, and with it the credential', async () => {
    bed.secrets.set('token', dataObject({ t: 'secret-token' }));
    const other = await bed.serve(modern());
    for (const [httpStatus, reason] of [
      [307, 'RedirectNotFollowed'],
      [308, 'RedirectNotFollowed'],
      [301, 'RedirectNotFollowed'],
      [302, 'LoginRedirect'],
      [303, 'LoginRedirect'],
    ] as const) {
      const server = await bed.serve(redirectTo(httpStatus, other.url('/stolen')));
      const report = await bed.probe({ url: server.url(), auth: bearer });
      expect(reasonOf(report)).toBe(reason);
      expect(JSON.stringify(report)).not.toContain('stolen');
      expect(server.requests.length).toBe(1);
    }
    expect(other.connections()).toBe(0);
  });

  it('a path that begins with two slashes names no host: nothing that follows goes there', async () => {
    bed.secrets.set('token', dataObject({ t: 'secret-token' }));
    const other = await bed.serve(modern());
    const server = await bed.serve((seen, reply) =>
      redirectTo(307, seen.path === '/mcp' ? `/.//127.0.0.1:${other.port}/a` : other.url('/stolen'))(seen, reply),
    );
    expect(reasonOf(await bed.probe({ url: server.url(), auth: bearer }))).toBe('RedirectNotFollowed');
    expect(reasonOf(await bed.probe({ url: server.url(`//127.0.0.1:${other.port}/a`), auth: bearer }))).toBe(
      'RedirectNotFollowed',
    );
    expect(other.connections()).toBe(0);
  });

  it.each([
    ['without a place', redirectTo(307, undefined)],
    ['to nowhere', redirectTo(308, 'http://[')],
    ['that changes the method', redirectTo(302, '/mcp2')],
    ['to itself', redirectTo(307, '/mcp')],
    ['without an end', (seen, reply) => redirectTo(307, `${seen.path}x`)(seen, reply)],
    ['to another protocol', redirectTo(307, 'file:///etc/passwd')],
    ['with user info', redirectTo(307, 'http://u:p@127.0.0.1/')],
  ] as [string, Behaviour][])('a redirect %s is not followed', async (_name, behaviour) => {
    const server = await bed.serve(behaviour);
    expect(reasonOf(await bed.probe({ url: server.url() }))).toBe('RedirectNotFollowed');
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it('three redirects are followed, a fourth is not', async () => {
    const chain =
      (length: number): Behaviour =>
      (seen, reply) => {
        const step = seen.path.length - '/mcp'.length;
        return (step < length ? redirectTo(307, `${seen.path}x`) : modern())(seen, reply);
      };
    const three = await bed.serve(chain(3));
    expect(reasonOf(await bed.probe({ url: three.url() }))).toBe('Available');
    const four = await bed.serve(chain(4));
    expect(reasonOf(await bed.probe({ url: four.url() }))).toBe('RedirectNotFollowed');
    expect(four.requests.length).toBe(4);
  });
});
