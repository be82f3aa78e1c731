/**
 * Where a server of ours listens, as a person writes it: `:8080`, `127.0.0.1:0`, `[::1]:8081`, or `0` for nowhere. Pure.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';

export interface BindAddress {
  /** An IP address; undefined = every address of the machine, IPv6 and IPv4. */
  readonly host?: string;
  /** 0 = any free port. */
  readonly port: number;
}

/** `off` for `0`; undefined when it is no address. Names are refused: what they resolve to may change. */
export function parseBindAddress(text: string): BindAddress | 'off' | undefined {
  if (text === '0') return 'off';
  const match = /^(?:(?<ipv4>[\d.]+)|\[(?<ipv6>[0-9a-fA-F:.]+)\])?:(?<port>\d{1,5})$/.exec(text);
  const { ipv4, ipv6, port: digits } = match?.groups ?? {};
  const port = Number(digits);
  if (match === null || port > 65_535) return undefined;
  if (ipv4 !== undefined) return isIPv4(ipv4) ? { host: ipv4, port } : undefined;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  return { port };
}

/** The form that {@link parseBindAddress} reads. */
export function formatBindAddress({ host, port }: BindAddress): string {
  if (host === undefined) return `:${port}`;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
