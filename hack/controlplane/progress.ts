/**
 * Tells people that something slow is alive: one line redrawn in place on a terminal, a line now and then elsewhere.
 * It never throws and never keeps the process running.
 */

/** Where progress goes: `process.stderr`, or a collector in tests. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often a line is redrawn on a terminal, and printed elsewhere. */
const REDRAW_MS = 500;
const PRINT_MS = 15_000;

/** Shows `render(elapsedMs)` until the returned function is called, which removes the line from a terminal. */
export function showProgress(stream: ProgressStream, render: (elapsedMs: number) => string): () => void {
  const startMs = performance.now();
  const isTerminal = stream.isTTY === true;
  const draw = () => {
    const text = render(performance.now() - startMs);
    // One column is left free: a full line would wrap, and the next redraw would leave it behind.
    if (isTerminal) stream.write(`\r\x1b[2K${text.slice(0, Math.max((stream.columns ?? 80) - 1, 1))}`);
    else stream.write(`${text}\n`);
  };
  draw();
  const timer = setInterval(draw, isTerminal ? REDRAW_MS : PRINT_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isTerminal) stream.write('\r\x1b[2K');
  };
}

/** `48s`, `3m05s`: whole seconds, never negative. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.max(Math.floor(elapsedMs / 1000), 0);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}

/** `1m10s of about 4m00s`, or what to think when the estimate is over. */
export function formatEstimate(elapsedMs: number, estimateMs: number): string {
  if (elapsedMs > estimateMs) return `${formatElapsed(elapsedMs)}, longer than the ${formatElapsed(estimateMs)} expected`;
  return `${formatElapsed(elapsedMs)} of about ${formatElapsed(estimateMs)}`;
}
