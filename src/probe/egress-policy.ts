/**
 * Which destinations a probe may have (page 3.8). Pure: names and addresses in, a decision out; `resolve.ts` asks it about every address
 * before a packet is sent. Metadata services, link-local, unspecified, multicast, broadcast and the API server are refused whatever the
 * administrator says; a loopback address only for the demo and tests. The author of an object can never widen it.
 */
import { BlockList, isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface EgressPolicy {
  /** Probe 127.0.0.0/8 and ::1. Default false: another process of the operator's Pod may listen there. */
  readonly allowLoopback: boolean;
  /** Send credentials over plain http outside the cluster. Default false. */
  readonly allowPlaintextCredentials: boolean;
  /** Let a spec skip the verification of certificates. Default false. */
  readonly allowInsecureSkipVerify: boolean;
  /** Refuse Secrets without the annotation that says where their values may go. Default false. */
  readonly requireSecretHostBinding: boolean;
  /** Probe these hosts only: `a.example.com`, `*.b.example.com` or an IP address. Empty: every host that nothing else refuses. */
  readonly allowedHosts: readonly string[];
  /** Refuse these ranges too, from {@link parseRanges}. Default none. */
  readonly deniedRanges: BlockList;
  /** Refuse plain http. Default false. */
  readonly requireTLS: boolean;
  /** Where the API server listens, as address or name and port. On a loopback address only that port is refused. */
  readonly apiServer: readonly { readonly host: string; readonly port: number }[];
}

/** What an operator starts with. */
export const DEFAULT_EGRESS_POLICY: EgressPolicy = {
  allowLoopback: false,
  allowPlaintextCredentials: false,
  allowInsecureSkipVerify: false,
  requireSecretHostBinding: false,
  allowedHosts: [],
  deniedRanges: new BlockList(),
  requireTLS: false,
  apiServer: [],
};

/** Names of metadata services; their addresses are refused too, but a name needs no look-up. */
const METADATA_HOSTS: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data', 'metadata']);

/** IPv4 ranges that are never a server's: [network, prefix length]. */
const REFUSED_IPV4 = [
  ['0.0.0.0', 8], // "this" network, RFC 1122; connects to the own host
  ['169.254.0.0', 16], // link-local, with most clouds' metadata service
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, with the limited broadcast address
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // platform service of Azure
  ['192.0.0.192', 32], // metadata of Oracle Cloud
] as const;

const REFUSED_IPV6 = [
  ['::', 128], // unspecified
  ['fe80::', 10], // link-local
  ['fec0::', 10], // site-local, deprecated
  ['ff00::', 8], // multicast
  ['fd00:ec2::254', 128], // metadata of AWS
  ['fd20:ce::254', 128], // metadata of Google Cloud
] as const;

const ipv4Rules = REFUSED_IPV4.map(([network, prefix]) => ({ network: numberOf(network) >>> (32 - prefix), shift: 32 - prefix }));
const ipv6Rules = REFUSED_IPV6.map(([network, prefix]) => [ipaddr.IPv6.parse(network), prefix] as const);

/** A host as compared: lower case, without brackets, zone and the dot at the end. */
export function normalizeHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare.toLowerCase().replace(/%.*$/, '').replace(/\.+$/, '');
}

/** Ranges such as `10.0.0.0/8` or `fd00::/8`, checked before: one that is none throws, as a bug. */
export function parseRanges(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Whether one of `a.example.com`, `*.b.example.com` or an IP address fits a normalized host. `*.b.example.com` is not `b.example.com`. */
export function matchesHost(patterns: readonly string[], host: string): boolean {
  return patterns.some((entry) => {
    const pattern = normalizeHost(entry.trim());
    return pattern.startsWith('*.') ? pattern.length > 2 && host.endsWith(pattern.slice(1)) : pattern !== '' && pattern === host;
  });
}

/** Whether a destination is refused by its URL alone, before its name is resolved. */
export function isRefusedHost(
  policy: EgressPolicy,
  { host, secure }: { readonly host: string; readonly secure: boolean },
): boolean {
  const name = normalizeHost(host);
  if (policy.requireTLS && !secure) return true;
  if (policy.allowedHosts.length > 0 && !matchesHost(policy.allowedHosts, name)) return true;
  if (name === '' || METADATA_HOSTS.has(name) || name === 'kubernetes.default' || name.startsWith('kubernetes.default.'))
    return true;
  return policy.apiServer.some((server) => normalizeHost(server.host) === name && ipaddr.isValid(name) === false);
}

/** Whether an address may not be connected to. What is no IP address is refused. */
export function isRefusedAddress(policy: EgressPolicy, address: string, port: number): boolean {
  const text = normalizeHost(address);
  if (isIPv4(text)) return isRefusedIPv4(policy, text, port);
  if (!ipaddr.IPv6.isValid(text)) return true;
  const parsed = ipaddr.IPv6.parse(text);
  if (ipv6Rules.some(([network, prefix]) => parsed.match(network, prefix))) return true;
  const canonical = parsed.toString();
  if (policy.deniedRanges.check(canonical, 'ipv6')) return true;
  if (canonical === '::1') return !policy.allowLoopback || isAPIServer(policy, canonical, port, true);
  if (isAPIServer(policy, canonical, port, false)) return true;
  return embeddedIPv4(parsed.parts).some((inner) => isRefusedIPv4(policy, inner, port));
}

/** Whether the address is this machine's own: 127.0.0.0/8, ::1, or ::ffff:127.0.0.0/104. */
export function isLoopback(address: string): boolean {
  const text = normalizeHost(address);
  return text === '::1' || (isIPv4(text) && text.startsWith('127.')) || /^::ffff:7f[0-9a-f]{2}:/.test(text);
}

function isRefusedIPv4(policy: EgressPolicy, address: string, port: number): boolean {
  const value = numberOf(address);
  if (ipv4Rules.some((rule) => value >>> rule.shift === rule.network)) return true;
  if (policy.deniedRanges.check(address, 'ipv4')) return true;
  const loopback = value >>> 24 === 127;
  if (loopback && !policy.allowLoopback) return true;
  return isAPIServer(policy, address, port, loopback);
}

function isAPIServer(policy: EgressPolicy, address: string, port: number, loopback: boolean): boolean {
  return policy.apiServer.some((server) => {
    if (loopback && server.port !== port) return false;
    const host = normalizeHost(server.host);
    // A dotted quad has one spelling; anything else that is an address has many.
    if (host === address || isIPv4(host)) return host === address;
    return ipaddr.isValid(host) && ipaddr.parse(host).toString() === address;
  });
}

/**
 * IPv4 addresses that an IPv6 address carries: mapped and compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215),
 * ISATAP (RFC 5214), 6to4 (RFC 3056), Teredo (RFC 4380: the server's, and the client's with its bits inverted).
 */
function embeddedIPv4(parts: readonly number[]): string[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = parts;
  const inLast32 =
    ((a | b | c | d | e) === 0 && (f === 0xffff || f === 0)) ||
    ((a | b | c | d) === 0 && e === 0xffff && f === 0) ||
    (a === 0x64 && b === 0xff9b && (c === 0 || (d | e | f) === 0)) ||
    ((e & 0xfdff) === 0 && f === 0x5efe);
  if (inLast32) return [dotted(g, h)];
  if (a === 0x64 && b === 0xff9b) return translatedIPv4(parts);
  if (a === 0x2002) return [dotted(b, c)];
  if (a === 0x2001 && b === 0) return [dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff)];
  return [];
}

/**
 * A network may cut its own NAT64 prefix, of 48, 56, 64 or 96 bits, out of 64:ff9b:1::/48 (RFC 8215). Which one can not be told, so it is all
 * places where the address may be with nothing but zeros behind it (RFC 6052, section 2.2; the octet in the middle is never part of it).
 */
function translatedIPv4([, , , d = 0, e = 0, f = 0, g = 0, h = 0]: readonly number[]): string[] {
  if ((g & 255) !== 0 || h !== 0) return [dotted(g, h)];
  const behind64 = dotted(((e & 255) << 8) | (f >>> 8), ((f & 255) << 8) | (g >>> 8));
  if (g !== 0) return [behind64, dotted(g, h)];
  const behind56 = dotted(((d & 255) << 8) | (e & 255), f);
  return (f & 255) === 0 ? [behind64, behind56, dotted(d, ((e & 255) << 8) | (f >>> 8))] : [behind64, behind56];
}

function dotted(high: number, low: number): string {
  return `${high >>> 8}.${high & 255}.${low >>> 8}.${low & 255}`;
}

/** `address` is a dotted quad, as WHATWG URLs and resolvers print it. */
function numberOf(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) >>> 0;
}
