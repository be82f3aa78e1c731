/**
 * etcd's own HTTP gateway, on the socket that it shares with the API server: for what an administrator does with etcdctl.
 */
import { type IncomingMessage, request } from 'node:http';

export interface EtcdAnswer {
  readonly header: { readonly revision: string };
  readonly alarms?: readonly { readonly memberID: string; readonly alarm: string }[];
}

/** POSTs `body` to `path` (`/v3/...`) and resolves with the answer. Rejects when it is not 200. */
export async function askEtcd({ directory }: { readonly directory: string }, path: string, body: object): Promise<EtcdAnswer> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request({ socketPath: `${directory}/etcd.sock:0`, path, method: 'POST', headers }, resolve);
    call.once('error', reject);
    call.end(JSON.stringify(body));
  });
  const text = (await reply.toArray()).join('');
  if (reply.statusCode !== 200) throw new Error(`${path}: ${reply.statusCode} ${text}`);
  return JSON.parse(text) as EtcdAnswer;
}
