/**
 * The sample servers by name, and the address that the manifests of hack/samples give each.
 *
 * The whole of 127.0.0.0/8 is loopback on Linux, so each server has an address of its own and manifests can be static.
 * `place.ts` says what happens where these addresses can't be had.
 */
import type { Server } from 'node:net';
import { createAuthorizationServer, createProtectedServer } from './authorization.ts';
import { createPageServer, createSlowServer, createTarPit } from './broken.ts';
import { createDriftingServer } from './drifting.ts';
import { createForbiddenServer, createLateRefusalServer, createTokenServer } from './guarded.ts';
import { createLegacyServer, createModernServer } from './healthy.ts';
import { createPartnerServer } from './partner.ts';
import { createSSEServer } from './sse.ts';

/** The port of every sample server. */
export const SAMPLE_PORT = 8080;

export interface SampleServer {
  /** What it is, in a few words. */
  readonly what: string;
  /** The host in the manifests. */
  readonly host: string;
  /** Undefined: nothing listens there, and that is the point. */
  readonly create: (() => Server) | undefined;
}

export const SAMPLE_SERVERS: readonly SampleServer[] = [
  { what: 'healthy, modern protocol', host: '127.0.20.1', create: createModernServer },
  { what: 'healthy, legacy protocol with sessions', host: '127.0.20.2', create: createLegacyServer },
  { what: 'tools change every 15 s', host: '127.0.20.3', create: createDriftingServer },
  { what: '503 for 20 s, then healthy', host: '127.0.20.4', create: createSlowServer },
  { what: 'wants a bearer token', host: '127.0.20.5', create: createTokenServer },
  { what: 'forbids everything', host: '127.0.20.6', create: createForbiddenServer },
  { what: 'anyone may initialize, nobody may list', host: '127.0.20.7', create: createLateRefusalServer },
  { what: 'a web page', host: '127.0.20.8', create: createPageServer },
  { what: 'a closed port', host: '127.0.20.9', create: undefined },
  { what: 'accepts and never answers', host: '127.0.20.10', create: createTarPit },
  { what: 'healthy, HTTP+SSE', host: '127.0.20.11', create: createSSEServer },
  { what: 'wants a client certificate', host: '127.0.20.12', create: createPartnerServer },
  { what: 'an authorization server', host: '127.0.20.21', create: createAuthorizationServer },
  { what: 'wants tokens of that one', host: '127.0.20.22', create: createProtectedServer },
];
