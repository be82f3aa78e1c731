/**
 * Builds the MCP servers of the demo with the official SDK, so that the operator meets what people really run.
 *
 * A tool here does nothing but answer that it was called: a probe never calls one.
 */
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

export interface SampleTool {
  readonly name: string;
  readonly description: string;
}

/** A server instance that offers `tools`. The SDK wants a fresh one per request (modern) or per session (legacy). */
export function buildServer(name: string, title: string, tools: readonly SampleTool[]): McpServer {
  const server = new McpServer({ name, title, version: '1.0.0' });
  for (const tool of tools) {
    const inputSchema = z.object({ query: z.string().describe('What to ask for.') });
    server.registerTool(tool.name, { description: tool.description, inputSchema }, ({ query }) => ({
      content: [{ type: 'text', text: `${tool.name} was asked for ${query}` }],
    }));
  }
  return server;
}
