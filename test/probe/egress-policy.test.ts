import { describe, expect, it } from 'vitest';
import {
  DEFAULT_EGRESS_POLICY,
  isRefusedAddress,
  isRefusedHost,
  matchesHost,
  parseRanges,
} from '../../src/probe/egress-policy.ts';
import { modern } from './behaviours.ts';
import { createTestbed, reasonOf } from './testbed.ts';

const policy = {
  ...DEFAULT_EGRESS_POLICY,
  apiServer: [
    { host: '10.96.0.1', port: 443 },
    { host: 'api.corp.example', port: 6443 },
  ],
};
const withLoopback = { ...policy, allowLoopback: true, apiServer: [{ host: '127.0.0.1', port: 6443 }] };

describe('addresses', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    '240.0.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '10.96.0.1',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:7f00:1',
    '::ffff:10.96.0.1',
    '::127.0.0.1',
    '::ffff:0:169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:abcd::a9fe:a9fe',
    // The same behind prefixes of 48, 56 and 64 bits.
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:aba9:fe:a9fe::',
    '64:ff9b:1:abcd:a9:fea9:fe00:0',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    '2001:db8::5efe:169.254.169.254',
    'not an address',
    '',
  ])('%s is refused', (address) => {
    expect(isRefusedAddress(policy, address, 443)).toBe(true);
  });

  it.each([
    '10.0.0.1',
    '172.16.5.4',
    '192.168.1.1',
    '100.64.0.1',
    '1.1.1.1',
    '169.253.255.255',
    '223.255.255.255',
    '128.0.0.1',
    'fd00::1',
    '2606:4700::1111',
    '::ffff:10.0.0.1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1:abcd::808:808',
    '64:ff9b:1:808:8:800::',
    '64:ff9b:1:ab08:8:808::',
    '64:ff9b:1:abcd:8:808:800:0',
    '2002:808:808::1',
  ])('%s is a normal target', (address) => {
    expect(isRefusedAddress(policy, address, 443)).toBe(false);
  });

  it('loopback is allowed where the administrator says so, but never the API server’s port on it', () => {
    for (const address of ['127.0.0.1', '127.16.3.4', '::1', '::ffff:127.0.0.1']) {
      expect(isRefusedAddress(withLoopback, address, 8080)).toBe(false);
    }
    expect(isRefusedAddress(withLoopback, '127.0.0.1', 6443)).toBe(true);
    expect(isRefusedAddress(withLoopback, '::ffff:127.0.0.1', 6443)).toBe(true);
    expect(isRefusedAddress(withLoopback, '0.0.0.0', 8080)).toBe(true);
  });
});

describe('names', () => {
  it.each([
    'metadata.google.internal',
    'METADATA.google.internal.',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'api.corp.example',
    '',
  ])('%j is refused', (host) => {
    expect(isRefusedHost(policy, { host, secure: true })).toBe(true);
  });

  it.each(['tools.team.svc', 'kubernetes.team.svc', 'example.com', '10.96.0.1'])('%s is resolved first', (host) => {
    expect(isRefusedHost(policy, { host, secure: true })).toBe(false);
  });
});

describe('the administrator', () => {
  it('names the hosts that may be probed, and none else is', () => {
    const narrow = { ...policy, allowedHosts: ['tools.example.com', '*.team.svc', '10.0.0.7'] };
    const refused = (host: string) => isRefusedHost(narrow, { host, secure: true });
    expect(['tools.example.com', 'TOOLS.example.com.', 'a.team.svc', 'a.b.team.svc', '10.0.0.7'].filter(refused)).toEqual([]);
    const others = ['example.com', 'xtools.example.com', 'team.svc', 'a.team.svc.evil.com', '10.0.0.70'];
    expect(others.filter(refused)).toEqual(others);
  });

  it('denies ranges, also for addresses that IPv6 carries', () => {
    const narrow = { ...policy, deniedRanges: parseRanges(['10.0.0.0/8', 'fd00::/8']) };
    const refused = (address: string) => isRefusedAddress(narrow, address, 80);
    const denied = ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::a01:203', 'fd12::1'];
    expect(denied.filter(refused)).toEqual(denied);
    expect(['11.1.2.3', 'fe00::1', '2001:db8::1'].filter(refused)).toEqual([]);
  });

  it('can not lift what is always refused', () => {
    const wide = { ...policy, allowLoopback: true, allowedHosts: ['169.254.169.254', 'metadata.google.internal'] };
    expect(isRefusedAddress(wide, '169.254.169.254', 80)).toBe(true);
    expect(isRefusedHost(wide, { host: 'metadata.google.internal', secure: true })).toBe(true);
  });

  it('requires TLS: a plain server is not even connected to', async () => {
    const bed = createTestbed({ policy: { requireTLS: true } });
    const server = await bed.serve(modern());
    expect(reasonOf(await bed.probe({ url: `http://127.0.0.1:${server.port}/mcp` }))).toBe('DestinationForbidden');
    expect(server.connections()).toBe(0);
    await bed.close();
  });

  it('a wildcard names what is below it, not itself', () => {
    expect(matchesHost(['*.b.example.com'], 'b.example.com')).toBe(false);
    expect(matchesHost(['*.'], 'a.b')).toBe(false);
  });
});

describe('refused destinations get no packet', () => {
  it.each([
    'http://127.0.0.1:PORT/mcp',
    'http://2130706433:PORT/mcp',
    'http://0x7f.1:PORT/mcp',
    'http://0177.0.0.1:PORT/mcp',
    'http://[::ffff:127.0.0.1]:PORT/mcp',
    'http://0.0.0.0:PORT/mcp',
    'http://127.1:PORT/mcp',
    'http://named.example:PORT/mcp',
  ])('%s', async (template) => {
    const bed = createTestbed({
      policy: { allowLoopback: false },
      resolve: async () => ({
        kind: 'resolved',
        addresses: [
          { address: '203.0.113.9', family: 4 },
          { address: '127.0.0.1', family: 4 },
        ],
      }),
    });
    const server = await bed.serve(modern());
    const report = await bed.probe({ url: template.replace('PORT', String(server.port)) });
    expect(report).toMatchObject({
      attempts: 0,
      verdict: { class: 'Permanent', reason: 'DestinationForbidden', stage: 'policy' },
    });
    expect(server.connections()).toBe(0);
    await bed.close();
  });

  it('a name that is refused is not even looked up', async () => {
    const asked: string[] = [];
    const bed = createTestbed({
      resolve: async (host) => {
        asked.push(host);
        return { kind: 'failed', errorCode: 'ENOTFOUND' };
      },
    });
    for (const host of ['metadata.google.internal', 'kubernetes.default.svc']) {
      expect(reasonOf(await bed.probe({ url: `http://${host}/mcp` }))).toBe('DestinationForbidden');
    }
    expect(asked).toEqual([]);
  });
});
