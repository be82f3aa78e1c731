import { afterEach, describe, expect, it } from 'vitest';
import { modern, respond } from './behaviours.ts';
import { closedPort } from './scripted-server.ts';
import { createTestbed, dataObject, reasonOf } from './testbed.ts';

let bed = createTestbed();
afterEach(async () => {
  await bed.close();
  bed = createTestbed();
});

const auth = { type: 'Bearer', bearer: { secretKeyRef: { name: 'token', key: 't' } } } as const;
const challenge = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

describe('D9: the audit log', () => {
  it('D9: is told once of a credential that is refused, read again, unchanged and not sent again', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve(respond(401, '', challenge));
    await bed.probe({ url: server.url(), auth });
    expect(bed.reads).toEqual(['Secret/token', 'Secret/token']);
    expect(server.requests.length).toBe(1);
    expect(bed.audit).toMatchObject([{ decision: 'sent' }]);
  });

  it('D9: is told of both when a changed one is sent after it', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve((seen, reply) => {
      bed.secrets.set('token', dataObject({ t: 'new-token' }));
      const known = seen.headers.authorization === 'Bearer new-token';
      return known ? modern()(seen, reply) : respond(401, '', challenge)(seen, reply);
    });
    expect(reasonOf(await bed.probe({ url: server.url(), auth }))).toBe('Available');
    expect(bed.audit.map(({ decision }) => decision)).toEqual(['sent', 'sent']);
    expect(new Set(bed.audit.map(({ fingerprint }) => fingerprint)).size).toBe(2);
  });

  it('D9: is told of nothing when nobody took the connection', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const report = await bed.probe({ url: `http://127.0.0.1:${await closedPort()}/mcp`, auth });
    expect(reasonOf(report)).toBe('ConnectionRefused');
    expect(bed.audit).toEqual([]);
  });

  it('D9: is told once of a credential that several attempts send', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve(respond(503));
    expect(await bed.probe({ url: server.url(), auth })).toMatchObject({ attempts: 3 });
    expect(bed.audit).toMatchObject([{ decision: 'sent' }]);
  });

  it('D9: is told of a rotated credential that may not be sent', async () => {
    bed.secrets.set('token', dataObject({ t: 'old-token' }));
    const server = await bed.serve((seen, reply) => {
      bed.secrets.set('token', dataObject({ t: 'new-token' }, { 'mcpserver-operator.dev/allowed-hosts': 'a.example.com' }));
      return respond(401, '', challenge)(seen, reply);
    });
    expect(reasonOf(await bed.probe({ url: server.url(), auth }))).toBe('CredentialsRejected');
    expect(bed.audit).toMatchObject([{ decision: 'sent' }, { decision: 'withheld', reason: 'notBoundToHost' }]);
    expect(server.requests.length).toBe(1);
  });
});
