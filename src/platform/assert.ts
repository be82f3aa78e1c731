/**
 * Assertions for programmer errors only. What the world may do wrong is a value, never an assertion.
 */

/** Throws when `condition` is false: a bug of ours, to be fixed and not to be handled. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The end of a `switch` over a union: adding a member without a case becomes a type error here. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`);
}
