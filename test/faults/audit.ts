/**
 * The API server's own audit log: who wrote what, when, and what the server said. What a status write claims is judged by the generation
 * that the server answered with, so neither the operator nor the proxy is asked. Reads are not logged.
 *
 * The server writes a line before it answers, so a write that was answered is there. A server that is killed may lose the line of a write
 * that it had not answered yet.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MCPServerStatus } from '../../src/api/v1alpha1/status.ts';

/** One write. */
export interface AuditedWrite {
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | string;
  /** Plural, such as `mcpservers` and `leases`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  /** Which token of the user it was (`JTI=…`): two processes of one ServiceAccount differ in it. Empty for other credentials. */
  readonly credential: string;
  /** The caller's User-Agent. */
  readonly userAgent: string;
  /** HTTP status; 0 when the server gave none. */
  readonly code: number;
  /** Wall time at which the request arrived and was answered, ms since 1970. */
  readonly receivedMs: number;
  readonly answeredMs: number;
  /** As sent. */
  readonly request: AuditedObject | undefined;
  /** As answered. */
  readonly response: AuditedObject | undefined;
}

export interface AuditedObject {
  readonly metadata?: { readonly uid?: string; readonly generation?: number; readonly resourceVersion?: string };
  /** Only of MCPServers. */
  readonly status?: MCPServerStatus;
  /** Of a Lease and the like. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface AuditLog {
  /** For `startControlPlane({extraApiServerFlags})`. */
  readonly flags: readonly string[];
  /** All writes so far, in the order in which they were answered. */
  read(): Promise<AuditedWrite[]>;
}

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'RequestResponse',
      verbs: ['create', 'update', 'patch', 'delete'],
      resources: [
        { group: 'mcpserver-operator.dev', resources: ['mcpservers', 'mcpservers/status'] },
        { group: 'coordination.k8s.io', resources: ['leases'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    { level: 'None' },
  ],
};

/** Prepares a log in a directory of its own below the temporary one, or opens the one in `directory`. */
export async function openAuditLog(directory?: string): Promise<AuditLog & { readonly directory: string }> {
  const place = directory ?? (await mkdtemp(path.join(tmpdir(), 'mcpserver-operator-audit-')));
  const policy = path.join(place, 'policy.json');
  const file = path.join(place, 'audit.jsonl');
  if (directory === undefined) await writeFile(policy, JSON.stringify(POLICY));
  return {
    directory: place,
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${file}`, '--audit-log-maxsize=1000'],
    async read() {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => {
        const entry = parse(line);
        return entry === undefined ? [] : [writeOf(entry)];
      });
    },
  };
}

interface AuditEntry {
  readonly verb: string;
  readonly user?: { readonly username?: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly requestObject?: AuditedObject;
  readonly responseObject?: AuditedObject;
}

/** A killed server leaves half a line. */
function parse(line: string): AuditEntry | undefined {
  try {
    return JSON.parse(line) as AuditEntry;
  } catch {
    return undefined;
  }
}

function writeOf(entry: AuditEntry): AuditedWrite {
  const { resource = '', subresource = '', namespace = '', name = '' } = entry.objectRef ?? {};
  return {
    verb: entry.verb,
    resource,
    subresource,
    namespace,
    name,
    user: entry.user?.username ?? '',
    credential: entry.user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
    userAgent: entry.userAgent ?? '',
    code: entry.responseStatus?.code ?? 0,
    receivedMs: Date.parse(entry.requestReceivedTimestamp),
    answeredMs: Date.parse(entry.stageTimestamp),
    request: entry.requestObject,
    response: entry.responseObject,
  };
}
