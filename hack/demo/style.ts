/**
 * Colour and width for a terminal. Pure functions; without colour they return what they are given.
 */

export type Tone = 'good' | 'waiting' | 'bad' | 'refused' | 'dim' | 'bold';

/** SGR codes (ECMA-48, 8.3.117). */
const CODES: Readonly<Record<Tone, string>> = { good: '32', waiting: '33', bad: '31', refused: '35', dim: '2', bold: '1' };

export type Paint = (tone: Tone, text: string) => string;

export const plain: Paint = (_tone, text) => text;
export const coloured: Paint = (tone, text) => (text === '' ? '' : `\x1b[${CODES[tone]}m${text}\x1b[0m`);

/** Colours for a terminal alone, and not when NO_COLOR is set to anything (no-color.org). */
export function choosePaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const refused = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return isTerminal && !refused && env['TERM'] !== 'dumb' ? coloured : plain;
}

const TONE_OF_STATE: Readonly<Record<string, Tone>> = {
  Available: 'good',
  Transient: 'waiting',
  Permanent: 'bad',
  Denied: 'refused',
  Pending: 'dim',
  Suspended: 'dim',
};

/** The tone of a state's word; dim for one that is not known. */
export function toneOf(state: string): Tone {
  return TONE_OF_STATE[state] ?? 'dim';
}

/** `text` in at most `width` columns, an ellipsis in the last where something was cut. The text holds no wide characters. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
}

/** `0.4 s`, `12 s`, `119 s`, `3 min 5 s`. */
export function formatSeconds(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
