/**
 * The log: JSON lines on stdout for machines (`ts` ISO, `level` text, `msg`, fields), or `pretty` lines for people.
 *
 * It promises that a line is written before the call returns, so that none is lost in a crash, and that every field went through
 * fields.ts. It never opens files, starts threads, or prints process id and host name: the container runtime knows them.
 */
import { Writable } from 'node:stream';
import { type LevelWithSilent, pino } from 'pino';
import PinoPretty from 'pino-pretty';
import type { Clock } from '../platform/clock.ts';
import type { LogFields, LogFormat, Logger, LogLevel } from '../platform/log.ts';
import { cleanFields } from './fields.ts';

/** Where lines go; stdout when there is none. */
export interface LineSink {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Colour in `pretty` lines. */
  readonly color?: boolean;
}

const STDOUT = 1;

/** A logger for the life of the program. A closed stdout silences it and is no error. */
export function createLogger(deps: { clock: Clock; sink?: LineSink }, options: LoggerOptions): Logger {
  const sink = deps.sink ?? pino.destination({ dest: STDOUT, sync: true });
  const log = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date(deps.clock.wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.format === 'pretty' ? prettyStream(options.color ?? false, deps.sink) : sink,
  );
  const withMessages = options.level === 'debug';

  const at = (level: Exclude<LevelWithSilent, 'silent'>) => {
    if (!log.isLevelEnabled(level)) return () => {};
    return (fields: LogFields, msg: string) => log[level](cleanFields(fields, withMessages), msg);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A stream and not a pino transport: a transport is loaded by name in a thread, which a single-file bundle can not do. */
function prettyStream(color: boolean, sink: LineSink | undefined) {
  return PinoPretty({
    sync: true,
    colorize: color,
    messageKey: 'msg',
    timestampKey: 'ts',
    translateTime: 'UTC:HH:MM:ss.l',
    singleLine: true,
    ...(sink === undefined ? { destination: STDOUT } : { destination: asStream(sink) }),
  });
}

function asStream(sink: LineSink) {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      sink.write(String(chunk));
      done();
    },
  });
}
