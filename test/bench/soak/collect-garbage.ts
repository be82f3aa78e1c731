/**
 * Loaded into the operator before its program (`--import`), with `--expose-gc`: at SIGUSR2 it collects all garbage, so that what its heap
 * holds can be told from what it has dropped.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.();
});
