/**
 * The CRD of another operator whose kind is MCPServer, too, in a group of its own.
 */
export function otherDefinition(versions: readonly string[]): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'mcpservers.other.example.com' },
    spec: {
      group: 'other.example.com',
      scope: 'Namespaced',
      names: { plural: 'mcpservers', singular: 'mcpserver', kind: 'MCPServer', listKind: 'MCPServerList' },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: { type: 'object' } },
      })),
    },
  };
}
