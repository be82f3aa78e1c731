/**
 * Every request that some users made, reads too, as the API server's own audit log has it: verb, resource, place and answer, no bodies.
 *
 * The server writes a line when it has answered, and for a watch when it begins to answer.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import type { Right } from '../../src/cli/doctor/rights.ts';

/** One request as the right that it needs. `namespace` is undefined where the request names none; `name` likewise, and in each creation. */
export interface LoggedRequest extends Right {
  readonly code: number;
}

export interface RequestLog {
  /** For `startControlPlane({extraApiServerFlags})`. */
  readonly flags: readonly string[];
  /** In the order of the answers. Throws for a request that is about no resource, such as `/version`: the operator makes none. */
  requestsOf(user: string): Promise<LoggedRequest[]>;
  /** Removes its files. */
  remove(): Promise<void>;
}

const Entry = z.object({
  verb: z.string(),
  requestURI: z.string(),
  user: z.object({ username: z.string() }),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.number() }),
});

/** Prepares the log in a directory of its own. */
export async function openRequestLog(users: readonly string[]): Promise<RequestLog> {
  const directory = await mkdtemp(path.join(tmpdir(), 'mcpserver-operator-requests-'));
  const policy = path.join(directory, 'policy.json');
  const file = path.join(directory, 'requests.jsonl');
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', users }, { level: 'None' }],
    }),
  );
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${file}`, '--audit-log-maxsize=1000'],
    async requestsOf(user) {
      const text = await readFile(file, 'utf8').catch(() => '');
      // The last piece is empty, or a line that is being written.
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => Entry.parse(JSON.parse(line)))
        .filter(({ user: { username } }) => username === user)
        .map(requestOf);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function requestOf({ verb, requestURI, objectRef, responseStatus }: z.infer<typeof Entry>): LoggedRequest {
  if (objectRef === undefined) throw new Error(`${verb} ${requestURI} is about no resource`);
  const { apiGroup: group, resource, subresource, namespace, name } = objectRef;
  return {
    group,
    resource,
    verb,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && verb !== 'create' && { name }),
    code: responseStatus.code,
  };
}
