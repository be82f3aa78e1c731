/**
 * The client of the official SDK as its users call it: connect, list the tools, end the session if there is one, close. It keeps one pool of
 * connections for all of its clients, where a probe has one of its own; that is left as it is, to its favour.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Contestant, TOOLS } from './contestant.ts';

export function createSDK(): Contestant {
  return {
    async visit(subject, url) {
      const mode = subject === 'legacy' ? 'legacy' : 'auto';
      const client = new Client({ name: 'sdk', version: '1.0.0' }, { versionNegotiation: { mode } });
      const transport = new StreamableHTTPClientTransport(new URL(url));
      await client.connect(transport);
      const { tools } = await client.listTools();
      if (transport.sessionId !== undefined) await transport.terminateSession();
      await client.close();
      if (tools.length !== TOOLS) throw new Error('other tools than the server has');
    },
    park: () => Promise.reject(new Error('is not parked')),
  };
}
