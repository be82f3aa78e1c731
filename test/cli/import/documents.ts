/**
 * Documents in the forms that the MCP registry has published, one for each schema: 2025-12-11 (variables in URLs), 2025-09-16 (camelCase),
 * 2025-07-09 (snake_case, `transport_type`), and the one before it (`streamable`). Written here after the schemas; the servers do not exist.
 */
const schema = (version: string) => `https://static.modelcontextprotocol.io/schemas/${version}/server.schema.json`;

export const PLAIN = {
  $schema: schema('2025-12-11'),
  name: 'com.example/acme-analytics',
  version: '2.0.0',
  remotes: [
    { type: 'streamable-http', url: 'https://analytics.example.com/mcp' },
    { type: 'sse', url: 'https://analytics.example.com/sse' },
  ],
};

export const TENANTS = {
  $schema: schema('2025-12-11'),
  name: 'com.example/tenants',
  version: '1.0.0',
  remotes: [
    {
      type: 'streamable-http',
      url: 'https://{tenant}.example.com/{region}/mcp',
      variables: {
        tenant: { description: 'Your tenant', isRequired: true },
        region: { default: 'eu', choices: ['eu', 'us'] },
      },
    },
  ],
};

export const GUARDED = {
  $schema: schema('2025-09-16'),
  name: 'io.github.example/guarded',
  version: '1.2.3',
  remotes: [
    {
      type: 'streamable-http',
      url: 'https://guarded.example.com/mcp',
      headers: [
        {
          name: 'Authorization',
          value: 'Bearer {api_key}',
          description: 'Made at https://example.com/keys',
          isRequired: true,
          variables: { api_key: { isSecret: true, isRequired: true } },
        },
        { name: 'X-Org', value: 'org-{org}', variables: { org: { default: '7' } } },
        { name: 'X-Trace', description: 'not needed' },
        { name: 'Accept', value: 'application/json' },
      ],
    },
  ],
};

export const SNAKE_CASE = {
  $schema: schema('2025-07-09'),
  name: 'io.github.example/hybrid',
  version_detail: { version: '1.5.0' },
  packages: [{ registry_type: 'npm', identifier: '@example/hybrid', version: '1.5.0' }],
  remotes: [
    {
      transport_type: 'sse',
      url: 'https://hybrid.example.com/sse',
      headers: [
        { name: 'X-API-Key', description: 'the key', is_required: true, is_secret: true },
        { name: 'X-Region', default: 'us-east-1', choices: ['us-east-1', 'eu-west-1'] },
      ],
    },
  ],
};

export const OLDEST = {
  id: '4e9cf4cf-0000-4000-8000-000000000000',
  name: 'oldest-server',
  version_detail: { version: '0.0.1', release_date: '2025-05-16T18:56:49Z', is_latest: true },
  remotes: [{ transport_type: 'streamable', url: 'http://localhost:5008/mcp' }],
};

export const PACKAGES_ONLY = {
  $schema: schema('2025-10-17'),
  name: 'io.github.example/stdio-only',
  version: '1.7.2',
  packages: [{ registryType: 'npm', identifier: 'stdio-only', version: '1.7.2', transport: { type: 'stdio' } }],
};
