/**
 * What `probe URL` probes: a spec and a Secret made from the command line and the environment, so that the prober sees what it would see
 * in a cluster. Pure. No fault repeats a URL or a value: both may hold a secret.
 */
import { parseSpec } from '../api/v1alpha1/mcpserver.ts';
import { type DeclaredServer, dataObject, type Manifests, referencesOf } from './manifest.ts';

export interface URLRequest {
  readonly url: string;
  readonly timeoutMs: number;
  /** Name of an environment variable. */
  readonly bearerEnv: string | undefined;
  /** `Header=VARIABLE` each. */
  readonly headerEnv: readonly string[];
}

const NAME = 'command-line';
const NAMESPACE = 'default';
/** Defaults of the schema that are bound to the time-out here. */
const DEADLINE_SECONDS = 30;

/** The same shape as manifests have. */
export function describeRequest(request: URLRequest, env: Readonly<Record<string, string | undefined>>): Manifests {
  const faults: string[] = [];
  const data = new Map<string, Uint8Array>();
  const keyFrom = (flag: string, variable: string) => {
    const value = env[variable];
    if (value === undefined || value === '') faults.push(`${flag}: the environment variable that it names is not set`);
    else data.set(variable, Buffer.from(value));
    return { secretKeyRef: { name: NAME, key: variable } };
  };
  const headers = request.headerEnv.map((source) => {
    const equals = source.indexOf('=');
    return { name: source.slice(0, equals), valueFrom: keyFrom('--header-env', source.slice(equals + 1)) };
  });
  const timeoutSeconds = Math.ceil(request.timeoutMs / 1000);
  const spec = parseSpec({
    url: request.url,
    probe: { timeoutSeconds, deadlineSeconds: Math.max(DEADLINE_SECONDS, timeoutSeconds) },
    ...(headers.length > 0 && { headers }),
    ...(request.bearerEnv !== undefined && { auth: { type: 'Bearer', bearer: keyFrom('--bearer-env', request.bearerEnv) } }),
  });
  const servers: DeclaredServer[] = [];
  if (spec.kind === 'valid') servers.push({ namespace: NAMESPACE, name: NAME, spec: spec.value });
  else faults.push(`${placeOf(spec.path)}: ${spec.message ?? 'not of the right form'}`);
  const secrets = new Map([[`${NAMESPACE}/${NAME}`, dataObject(data)]]);
  return { servers, references: referencesOf({ secrets, configMaps: new Map(), services: new Map() }), faults };
}

/** The path of a spec that nobody wrote, as the part of the command line that it was made from. */
function placeOf(path: string): string {
  if (path.startsWith('spec.headers')) return '--header-env';
  if (path.startsWith('spec.auth')) return '--bearer-env';
  return path.startsWith('spec.probe') ? '--timeout' : 'URL';
}
