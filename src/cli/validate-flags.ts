/**
 * The flags of `validate`.
 */
import { choice } from '../platform/flag-kinds.ts';

export const VALIDATE_FLAGS = {
  output: choice({ short: 'o', fallback: 'text', choices: ['text', 'json'], help: 'form of the answer' }),
} as const;

/** A shell passes some 20,000 names on one line; nobody keeps as many manifests. */
export const MAX_FILES = 10_000;
