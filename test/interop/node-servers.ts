/**
 * How the real servers that npm brings are started: loopback, a port that is told, no data of this machine.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StartCommand } from './real-server.ts';

const MODULES = path.resolve(import.meta.dirname, '../../node_modules');
const EVERYTHING = path.join(MODULES, '@modelcontextprotocol/server-everything/dist/index.js');
const PLAYWRIGHT = path.join(MODULES, '@playwright/mcp/cli.js');
const KUBERNETES = path.join(MODULES, 'kubernetes-mcp-server-linux-amd64/bin/kubernetes-mcp-server-linux-amd64');

/** A program of node_modules under the Node that runs the tests. */
function node(name: string, args: (port: number) => readonly string[], env?: StartCommand['env']): StartCommand {
  return { name, command: process.execPath, args, ...(env === undefined ? {} : { env }) };
}

export const everything = node(
  'server-everything',
  () => [EVERYTHING, 'streamableHttp'],
  (port) => ({ PORT: String(port) }),
);

/** The same program with the transport of 2024-11-05. */
export const everythingSSE: StartCommand = {
  ...node(
    'server-everything, SSE',
    () => [EVERYTHING, 'sse'],
    (port) => ({ PORT: String(port) }),
  ),
  path: '/sse',
};

/** A server of SDK v2; the modes are told in `sdk-server.ts`. */
export function sdkServer(mode: 'dual' | 'modern' | 'legacy'): StartCommand {
  return node(`SDK v2, ${mode}`, (port) => [path.join(import.meta.dirname, 'sdk-server.ts'), mode, String(port)]);
}

/** mcp-proxy before server-everything over stdio; with a key it wants it in `X-API-Key`. */
export function mcpProxy(key?: string): StartCommand {
  const program = path.join(MODULES, 'mcp-proxy/dist/bin/mcp-proxy.mjs');
  return node(key === undefined ? 'mcp-proxy' : 'mcp-proxy with a key', (port) => [
    ...[program, '--host', '127.0.0.1', '--port', String(port)],
    ...(key === undefined ? [] : ['--apiKey', key]),
    ...['--', process.execPath, EVERYTHING, 'stdio'],
  ]);
}

/** supergateway before server-everything over stdio. Without sessions it starts a child for every request. */
export function supergateway(sessions: 'stateful' | 'stateless'): StartCommand {
  const program = path.join(MODULES, 'supergateway/dist/index.js');
  return node(`supergateway, ${sessions}`, (port) => [
    ...[program, '--port', String(port), '--outputTransport', 'streamableHttp'],
    ...['--stdio', `"${process.execPath}" "${EVERYTHING}" stdio`],
    ...(sessions === 'stateful' ? ['--stateful'] : []),
  ]);
}

/** supergateway with HTTP+SSE: a child for every stream. */
export const supergatewaySSE: StartCommand = {
  ...node('supergateway, SSE', (port) => [
    ...[path.join(MODULES, 'supergateway/dist/index.js'), '--port', String(port), '--outputTransport', 'sse'],
    ...['--stdio', `"${process.execPath}" "${EVERYTHING}" stdio`],
  ]),
  path: '/sse',
};

/**
 * Playwright's server: it opens a browser at the first call of a tool, and no probe calls one, so none need be there. Its host guard knows
 * the name `localhost` alone, though it listens on the address that it is told.
 */
export function playwright(guard: 'guarded' | 'open'): StartCommand {
  return node(`@playwright/mcp, ${guard}`, (port) => [
    ...[PLAYWRIGHT, '--headless', '--isolated', '--host', '127.0.0.1', '--port', String(port)],
    ...(guard === 'open' ? ['--allowed-hosts', '*'] : []),
  ]);
}

/** Whether kubernetes-mcp-server came along: its package is for linux-x64 alone. */
export const hasKubernetesServer = existsSync(KUBERNETES);

/** kubernetes-mcp-server with a kubeconfig that names a cluster which is not there: it starts and lists its tools all the same. */
export function kubernetesServer(): StartCommand & { remove(): void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'mcpserver-operator-interop-'));
  const kubeconfig = path.join(directory, 'config');
  const nowhere = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'none', cluster: { server: 'http://127.0.0.1:1' } }],
    users: [{ name: 'none', user: {} }],
    contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
    'current-context': 'none',
  };
  writeFileSync(kubeconfig, JSON.stringify(nowhere));
  return {
    name: 'kubernetes-mcp-server',
    command: KUBERNETES,
    args: (port) => ['--port', String(port), '--kubeconfig', kubeconfig],
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
