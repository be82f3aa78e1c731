/**
 * Whether a manifest could make the operator visit the metadata service of a cloud, which hands out credentials. The policy that is asked
 * is the one that every probe asks; no packet is sent.
 */
import { DEFAULT_EGRESS_POLICY, isRefusedAddress, isRefusedHost } from '../../probe/egress-policy.ts';
import { type Finding, failed, passed } from './check.ts';

/** Of AWS, Google Cloud, Azure and most others; Alibaba Cloud; Oracle Cloud; and in IPv6, also as an embedded address. */
const ADDRESSES = [
  '169.254.169.254',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
];
const HOSTS = ['metadata.google.internal', 'metadata'];

/** What decides; the policy with everything that an administrator can widen. */
export interface Policy {
  refusesAddress(address: string): boolean;
  refusesHost(host: string): boolean;
}

const WIDEST = {
  ...DEFAULT_EGRESS_POLICY,
  allowLoopback: true,
  allowPlaintextCredentials: true,
  allowInsecureSkipVerify: true,
  allowedHosts: [...ADDRESSES, ...HOSTS],
};

/** The operator's own policy, as wide as flags can make it. */
export const WIDEST_POLICY: Policy = {
  refusesAddress: (address) => isRefusedAddress(WIDEST, address, 80),
  refusesHost: (host) => isRefusedHost(WIDEST, { host, secure: false }),
};

/** Asks `policy` for every address and name. */
export function examineMetadataAddress(policy: Policy = WIDEST_POLICY): Finding {
  const open = [
    ...ADDRESSES.filter((address) => !policy.refusesAddress(address)),
    ...HOSTS.filter((host) => !policy.refusesHost(host)),
  ];
  if (open.length === 0) return passed('169.254.169.254 and its like are refused, whatever a manifest or a flag says');
  return failed(
    `the egress policy lets a manifest name ${open.join(', ')}`,
    'Do not run this build: report it, and block the address by a NetworkPolicy.',
  );
}
