/**
 * The process of the sample servers. It tells its parent in one line of JSON on stdout where they are, and runs until SIGTERM.
 */
import { placeServers } from './place.ts';

const placement = await placeServers();
process.stdout.write(`${JSON.stringify({ moves: placement.moves })}\n`);

process.once('SIGTERM', () => {
  void placement.close().finally(() => process.exit(0));
});
