/**
 * What a room needs in order to log: an interface and its words, so that any room may take it as an argument. `telemetry/logger.ts` makes
 * the real one. Fields carry facts (`namespace`, `name`, `probeID`, `durationMs`), the message is a constant sentence of ours:
 * a text that a server chose belongs in neither.
 */

/** Structured fields. Known secret field names are hidden, long strings cut, and URLs lose user info and query on the way out. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** One line per probe and smaller: off unless asked for, and then nearly free. */
  debug(fields: LogFields, msg: string): void;
  /** One line per transition of an object or of the program. */
  info(fields: LogFields, msg: string): void;
  /** Something went wrong that heals by itself. */
  warn(fields: LogFields, msg: string): void;
  /** Something that a person must look at; `error` in the fields takes an Error. */
  error(fields: LogFields, msg: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `json` for machines, `pretty` for people. */
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
