/**
 * How long ago something was, for people. Pure.
 */

/** `4 s`, `12 min`, `3 h`, `2 d`; the past and the future alike. A time that is none is `an unknown time`. */
export function describeAge(ageMs: number): string {
  const seconds = Math.round(Math.abs(ageMs) / 1000);
  if (!Number.isFinite(seconds)) return 'an unknown time';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
