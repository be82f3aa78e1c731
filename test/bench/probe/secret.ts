/**
 * The Secret of the comparison, as people have them: a signed JWT of 0.9 KB, an API key, and an OAuth client's secret. None of them is one.
 */
export const SECRET_NAME = 'credentials';

const claims = {
  iss: 'https://login.example.com/realms/platform',
  sub: 'service-account-mcp-monitor',
  aud: 'https://tools.example.com/mcp',
  azp: 'mcp-monitor',
  scope: 'mcp:read tools:list resources:list prompts:list',
  iat: 1_767_225_600,
  // The year 2100.
  exp: 4_102_444_800,
  jti: '5b1f0c52-3a0f-4c85-9c5e-8b0f6f1f0f0a',
};

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** As long as a signature by RS256. */
const signature = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 89 + 17) % 256)).toString('base64url');

/** Looks like what an authorization server issues. */
export const TOKEN = `${part({ alg: 'RS256', typ: 'at+jwt', kid: '2026-01' })}.${part(claims)}.${signature}`;

/** By key of the Secret. */
export const SECRET_DATA = {
  token: TOKEN,
  key: 'sk_test_4eC39HqLyjWDarjtT1zdp7dcLyjWDarj',
  secret: 'a-client-secret-of-32-characters',
} as const;
