import { expect, test } from 'vitest';
import {
  createForbiddenServer,
  createLateRefusalServer,
  createTokenServer,
  RIGHT_TOKEN,
} from '../../../../hack/demo/servers/guarded.ts';
import { INITIALIZE, post, postModern, toolsOf, withServer } from './wire.ts';

test('without a token the guarded server answers 401 with a challenge', () =>
  withServer(createTokenServer, async (url) => {
    const answer = await postModern(url, 'server/discover');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer /)]);
  }));

test('with a wrong token it answers 401, invalid_token', () =>
  withServer(createTokenServer, async (url) => {
    const answer = await postModern(url, 'server/discover', { authorization: 'Bearer wrong' });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
  }));

test('with the right token it is a healthy server', () =>
  withServer(createTokenServer, async (url) => {
    const authorization = `Bearer ${RIGHT_TOKEN}`;
    expect((await postModern(url, 'server/discover', { authorization })).status).toBe(200);
    expect(Object.keys(toolsOf(await postModern(url, 'tools/list', { authorization })))).toEqual([
      'find_employee',
      'read_payslip',
    ]);
  }));

test('the gateway answers 403 to everything', () =>
  withServer(createForbiddenServer, async (url) => {
    expect(await postModern(url, 'server/discover')).toMatchObject({ status: 403, text: 'RBAC: access denied' });
    expect((await fetch(url)).status).toBe(403);
  }));

test('anyone may initialize, and tools/list is refused with HTTP 200 and code 0', () =>
  withServer(createLateRefusalServer, async (url) => {
    expect(await post(url, INITIALIZE)).toMatchObject({ status: 200, text: expect.stringContaining('"protocolVersion"') });
    expect((await post(url, { method: 'notifications/initialized' })).status).toBe(202);
    const refused = await post(url, { id: 'a', method: 'tools/list' });
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      200,
      { jsonrpc: '2.0', id: 'a', error: { code: 0, message: 'Token has expired' } },
    ]);
    expect((await postModern(url, 'server/discover')).text).toContain('-32601');
    expect((await fetch(url)).status).toBe(405);
  }));
