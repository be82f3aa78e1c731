/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date in any of the three forms of RFC 9110, 5.6.7. The answer is a floor under the
 * next backoff, clamped, so that no server can make us hammer it or forget it. Anything else is as good as absent.
 */

/** 1 s … 1 h (page 3.5). */
export const MIN_RETRY_AFTER_MS = 1_000;
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** "Sunday, 06-Nov-94 08:49:37 GMT" has 30 characters, "Wednesday, …" 33. */
const MAX_VALUE_CHARS = 64;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
const IMF_FIXDATE = new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(String.raw`^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) ${TIME} GMT$`);
const ASCTIME = new RegExp(String.raw`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`);

/** How long to wait, in ms from `wallMs` on, at least 1,000 and at most 3,600,000; undefined for an absent or unusable value. */
export function parseRetryAfter(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined || value.length > MAX_VALUE_CHARS) return undefined;
  const text = value.trim();
  if (/^\d+$/.test(text)) return clampDelay(Number(text) * 1000);
  const dateMs = parseHttpDate(text, wallMs);
  return dateMs === undefined ? undefined : clampDelay(dateMs - wallMs);
}

function clampDelay(delayMs: number): number {
  return Math.min(Math.max(delayMs, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS);
}

function parseHttpDate(text: string, wallMs: number): number | undefined {
  const groups = (IMF_FIXDATE.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text))?.groups;
  if (groups === undefined) return undefined;
  const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = groups;
  const monthIndex = MONTHS.indexOf(month);
  // 60 is a leap second; Date.UTC rolls it over to the next minute.
  if (monthIndex < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const fullYear = year.length === 2 ? centuryOf(Number(year), wallMs) : Number(year);
  const midnightMs = Date.UTC(fullYear, monthIndex, Number(day));
  if (new Date(midnightMs).getUTCDate() !== Number(day)) return undefined;
  return midnightMs + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
}

/** A two-digit year that looks more than 50 years away is the last one with those digits (RFC 9110, 5.6.7). */
function centuryOf(twoDigits: number, wallMs: number): number {
  const current = new Date(wallMs).getUTCFullYear();
  const year = current - (current % 100) + twoDigits;
  return year > current + 50 ? year - 100 : year;
}
