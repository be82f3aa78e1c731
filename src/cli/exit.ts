/**
 * The end of the process, also while a thread hangs.
 *
 * exit(3) waits for libuv's threads, and a name look-up holds its thread until the resolver gives up: half a minute and more while a name
 * server is silent, long after everything of ours has ended and the kubelet lost its patience. A process that replaces itself waits for
 * nobody: the new one has the same id, and does nothing but end with the same code.
 */

/** What occupies a thread that can not be had back: getaddrinfo, and files on a disk that does not answer. */
const IN_A_THREAD: ReadonlySet<string> = new Set(['GetAddrInfoReqWrap', 'GetNameInfoReqWrap', 'FSReqCallback', 'FSReqPromise']);

/** Ends the process with `code`, at once. What was written to a pipe and not yet taken is lost: flush first. */
export function endProcess(code: number): void {
  if (process.getActiveResourcesInfo().some((resource) => IN_A_THREAD.has(resource))) replaceProcess(code);
  process.exit(code);
}

/** Returns only where it can not be done: on Windows, and in Node before 22.15. */
function replaceProcess(code: number): void {
  try {
    process.execve?.(process.execPath, [process.execPath, '--eval', `process.exit(${code})`], {});
  } catch {
    // The usual way remains.
  }
}
