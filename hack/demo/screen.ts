/**
 * The terminal as the demo uses it: steps with a tick and the time they took, a frame that is redrawn in place, and lines.
 * It writes nothing that moves the cursor unless the stream is a terminal.
 */
import { redraw } from './frame.ts';
import { choosePaint, cut, formatSeconds, type Paint } from './style.ts';

/** The part of `process.stdout` that is used. */
export interface ScreenStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface Screen {
  readonly paint: Paint;
  readonly isTerminal: boolean;
  size(): { readonly width: number; readonly height: number };
  line(text?: string): void;
  /** Runs `work`, showing `title` meanwhile, and leaves one line with what it resolved with. Rejects as `work` does. */
  step<T>(title: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T>;
  /** Draws `lines` over the last frame. On something else than a terminal it does nothing. */
  frame(lines: readonly string[]): void;
  /** Removes the last frame; the next lines stand in its place. */
  clearFrame(): void;
  /** Ends whatever is shown: what still runs writes nothing any more. */
  close(): void;
}

const TITLE_WIDTH = 16;
const REDRAW_MS = 200;

export function createScreen(
  stream: ScreenStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
  nowMs: () => number = () => performance.now(),
): Screen {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  const paint = choosePaint(isTerminal, env);
  let frameLines = 0;
  const size = () => ({ width: stream.columns ?? 80, height: stream.rows ?? 24 });
  let isClosed = false;
  const write = (text: string) => {
    if (!isClosed) stream.write(text);
  };
  const line = (text = '') => write(`${text}\n`);

  return {
    paint,
    isTerminal,
    size,
    line,
    async step(title, work, describe) {
      const startMs = nowMs();
      // What else is written meanwhile (the build of a control plane tells its progress) begins by clearing this line.
      const show = () => write(`\r\x1b[2K${cut(`… ${title}  ${formatSeconds(nowMs() - startMs)}`, size().width - 1)}`);
      const timer = isTerminal ? setInterval(show, REDRAW_MS) : undefined;
      if (isTerminal) show();
      const hide = () => {
        clearInterval(timer);
        if (isTerminal) write('\r\x1b[2K');
      };
      try {
        const result = await work();
        hide();
        line(renderStep(paint, title, describe(result), nowMs() - startMs));
        return result;
      } catch (error) {
        hide();
        line(`${paint('bad', '✗')} ${title}`);
        throw error;
      }
    },
    frame(lines) {
      if (!isTerminal) return;
      write(redraw(frameLines, lines));
      frameLines = lines.length;
    },
    clearFrame() {
      if (isTerminal && frameLines > 0) write(redraw(frameLines, []));
      frameLines = 0;
    },
    close() {
      isClosed = true;
    },
  };
}

/** `✓ title           what was done (0.4 s)`. */
export function renderStep(paint: Paint, title: string, done: string, elapsedMs: number): string {
  return `${paint('good', '✓')} ${paint('bold', title.padEnd(TITLE_WIDTH))}  ${done} ${paint('dim', `(${formatSeconds(elapsedMs)})`)}`;
}
