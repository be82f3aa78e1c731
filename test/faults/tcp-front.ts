/**
 * Real TCP connections that can be made to fail: a front before another port of 127.0.0.1 that forwards bytes until it is told otherwise.
 * It understands nothing of what it forwards; faults of single requests are fault-proxy.ts's.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Bytes towards the client come in pieces, so many at a time. */
export interface Slowness {
  readonly bytes: number;
  readonly everyMs: number;
}

export interface TCPFront {
  readonly port: number;
  /** Connections that are open. */
  open(): number;
  /** Connections ever accepted. */
  accepted(): number;
  /**
   * Half-open: what is connected now stays connected and hears nothing more, in either direction, without FIN or RST. New connections
   * are accepted and hear nothing either, until {@link thaw}.
   */
  freeze(): void;
  /** New connections work again. Frozen ones stay dead; they hang until the client gives up. */
  thaw(): void;
  /** Resets every connection. New ones work. */
  reset(): void;
  /** Resets every connection and every new one until {@link heal}. */
  cut(): void;
  heal(): void;
  /** Undefined: full speed. For connections that come after it. */
  slow(slowness: Slowness | undefined): void;
  /** Resets the connection whose client has this port. */
  resetClient(port: number): void;
  close(): Promise<void>;
}

/** Listens on a free port and forwards to `targetPort`. */
export async function startTCPFront(targetPort: number): Promise<TCPFront> {
  const pairs = new Map<Socket, Socket>();
  const frozen = new Set<Socket>();
  let mode: 'forward' | 'frozen' | 'cut' = 'forward';
  let slowness: Slowness | undefined;
  let accepted = 0;

  const freeze = (near: Socket) => {
    frozen.add(near);
    const far = pairs.get(near);
    if (far === undefined) return;
    near.unpipe(far);
    near.pause();
    far.removeAllListeners('data');
    far.unpipe(near);
    far.pause();
    pairs.delete(near);
    // The server need not know; the client must not.
    far.removeAllListeners('close').on('close', () => undefined);
    far.destroy();
  };

  const server = createServer({ noDelay: true, allowHalfOpen: false }, (near) => {
    accepted += 1;
    near.on('error', () => undefined);
    if (mode === 'cut') {
      near.resetAndDestroy();
      return;
    }
    near.on('close', () => {
      frozen.delete(near);
      pairs.get(near)?.destroy();
      pairs.delete(near);
    });
    if (mode === 'frozen') {
      frozen.add(near);
      near.pause();
      return;
    }
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true, localPort: 0 });
    pairs.set(near, far);
    far
      .on('error', () => undefined)
      .on('close', () => {
        if (pairs.get(near) === far) near.resetAndDestroy();
      });
    near.pipe(far);
    if (slowness === undefined) far.pipe(near);
    else trickle(far, near, slowness);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reset = () => {
    for (const near of [...pairs.keys(), ...frozen]) near.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    open: () => pairs.size + frozen.size,
    accepted: () => accepted,
    freeze() {
      mode = 'frozen';
      for (const near of [...pairs.keys()]) freeze(near);
    },
    thaw() {
      mode = 'forward';
    },
    reset,
    cut() {
      mode = 'cut';
      reset();
    },
    heal() {
      mode = 'forward';
    },
    slow(next) {
      slowness = next;
    },
    resetClient(port) {
      // The back knows the front's own outgoing port.
      for (const [near, far] of pairs) if (far.localPort === port) near.resetAndDestroy();
    },
    close() {
      mode = 'cut';
      reset();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Forwards `bytes` every `everyMs`; what waits is bounded by pausing the source. */
function trickle(from: Socket, to: Socket, { bytes, everyMs }: Slowness): void {
  let waiting = Buffer.alloc(0);
  const timer = setInterval(() => {
    if (waiting.length === 0) return;
    to.write(waiting.subarray(0, bytes));
    waiting = waiting.subarray(bytes);
    if (waiting.length < 64 * 1024) from.resume();
  }, everyMs);
  from.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    if (waiting.length >= 64 * 1024) from.pause();
  });
  to.on('close', () => clearInterval(timer));
  from.on('close', () => clearInterval(timer));
}
