/**
 * `version`: which program this is, for people and for scripts.
 */
import { API_VERSION } from '../api/v1alpha1/group.ts';
import { parseFlags } from '../platform/flags.ts';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../platform/version.ts';
import { verbHelp } from './help.ts';
import { refuse, type Terminal } from './terminal.ts';
import { VERSION_FLAGS } from './verbs.ts';

/** Returns the exit code. */
export function versionVerb(args: readonly string[], terminal: Terminal): number {
  const { values, help, faults } = parseFlags(VERSION_FLAGS, { args, maxArguments: 0 });
  if (help) terminal.out(verbHelp('version'));
  else if (faults.length > 0) return refuse(terminal, 'version', faults);
  else if (values.output === 'json') {
    const facts = {
      version: PRODUCT_VERSION,
      apiVersion: API_VERSION,
      node: process.versions.node,
      platform: `${process.platform}/${process.arch}`,
    };
    terminal.out(`${JSON.stringify(facts, undefined, 2)}\n`);
  } else {
    terminal.out(
      `${PRODUCT_NAME} ${PRODUCT_VERSION} (${API_VERSION}, Node ${process.versions.node}, ${process.platform}/${process.arch})\n`,
    );
  }
  return 0;
}
