/**
 * What stands behind probes with credentials: an authorization server, and the one path of an API server from which a Secret is read.
 * Both live in the process of the bench, so that their CPU is nobody's whose CPU is measured.
 */
import { authorization } from '../../probe/authorization-behaviours.ts';
import { json } from '../../probe/behaviours.ts';
import { startServer } from '../../probe/scripted-server.ts';
import { SECRET_DATA, SECRET_NAME, TOKEN } from './secret.ts';

export interface Backends {
  readonly issuer: string;
  /** Origin, over plain http: what TLS costs on a connection that is kept is little, and no part of it is ours. */
  readonly apiServer: string;
  close(): Promise<void>;
}

/** As an API server writes it, with the bookkeeping that comes with every object. */
const SECRET = {
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: {
    name: SECRET_NAME,
    namespace: 'team',
    uid: '0c4a3c1e-6d3b-4b1e-9b0e-5f5d3a2b1c0d',
    resourceVersion: '41',
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: [{ manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
  },
  data: Object.fromEntries(Object.entries(SECRET_DATA).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  type: 'Opaque',
};

export async function startBackends(): Promise<Backends> {
  const issuer = await startServer(authorization({ accepts: () => true, answer: { access_token: TOKEN } }));
  const apiServer = await startServer((_seen, reply) => {
    // What the scripted server keeps of its requests would grow with the run.
    apiServer.requests.length = 0;
    json(reply, 200, SECRET);
  });
  return {
    issuer: issuer.url(''),
    apiServer: apiServer.url(''),
    close: async () => void (await Promise.all([issuer.close(), apiServer.close()])),
  };
}
