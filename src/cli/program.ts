/**
 * Finds the verb and runs it. A wrong one is one line with the nearest right one; wrong input never prints a stack.
 * Verbs are loaded when they are asked for, so that `version` does not wait for a Kubernetes client.
 */

import { suggestion } from '../platform/suggest.ts';
import { endProcess } from './exit.ts';
import { programHelp, verbHelp } from './help.ts';
import { processTerminal, refuse, type Terminal } from './terminal.ts';
import { isVerb, VERBS, type Verb } from './verbs.ts';

/** Runs the program with the arguments of the process and ends the process with its exit code. */
export async function main(): Promise<void> {
  // `… | head` closes our stdout: nobody is left to read the rest.
  process.stdout.on('error', () => endProcess(0));
  const code = await runProgram(process.argv.slice(2), processTerminal());
  // Pending output first; then exit, so that a leaked handle can not keep a finished process alive.
  process.stdout.write('', () => endProcess(code));
}

/** Resolves with the exit code of page 6.1. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const [word, ...rest] = args;
  const verb = word === '--version' ? 'version' : word === '--help' || word === '-h' ? 'help' : word;
  if (verb === undefined) {
    terminal.err(programHelp());
    return 1;
  }
  if (!isVerb(verb)) {
    const kind = verb.startsWith('-') ? 'unknown flag' : 'unknown verb';
    const shown = verb.length > 64 ? `${verb.slice(0, 63)}…` : verb;
    return refuse(terminal, '', [
      `${kind} ${JSON.stringify(shown)}${suggestion(verb, Object.keys(VERBS)) || '; see mcpserver-operator help'}`,
    ]);
  }
  return runVerb(verb, rest, terminal);
}

async function runVerb(verb: Verb, args: readonly string[], terminal: Terminal): Promise<number> {
  switch (verb) {
    case 'run':
      return (await import('./run.ts')).runVerb(args, terminal);
    case 'probe':
      return (await import('./probe.ts')).probeVerb(args, terminal);
    case 'validate':
      return (await import('./validate.ts')).validateVerb(args, terminal);
    case 'doctor':
      return (await import('./doctor/doctor.ts')).doctorVerb(args, terminal);
    case 'import':
      return (await import('./import/import.ts')).importVerb(args, terminal);
    case 'call':
      return (await import('./call/call.ts')).callVerb(args, terminal);
    case 'completion':
      return (await import('./completion.ts')).completionVerb(args, terminal);
    case 'version':
      return (await import('./version.ts')).versionVerb(args, terminal);
    case 'help':
      return help(args, terminal);
  }
}

function help(args: readonly string[], terminal: Terminal): number {
  const [about] = args;
  if (about === undefined || about === 'help') terminal.out(programHelp());
  else if (isVerb(about)) terminal.out(verbHelp(about));
  else
    return refuse(terminal, 'help', [
      `unknown verb ${JSON.stringify(about.slice(0, 64))}${suggestion(about, Object.keys(VERBS)) || '; see mcpserver-operator help'}`,
    ]);
  return 0;
}
