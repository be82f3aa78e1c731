/**
 * Whether a redirect is followed (page 3.8.1): 307/308 to the same origin, and 301/307/308 from http to https of the same host, whatever
 * the port. Everything else is a fact, without the place it pointed to. Pure.
 */
import type { FailureFact } from './outcome.ts';

export type RedirectJudgement =
  | { readonly kind: 'follow'; readonly url: URL }
  | { readonly kind: 'refuse'; readonly why: Extract<FailureFact, { kind: 'redirect' }>['why'] };

/** Judges `location`, as sent with `httpStatus` (300 … 399) by `from`. */
export function judgeRedirect(httpStatus: number, location: string | undefined, from: URL): RedirectJudgement {
  const to = location === undefined || location === '' ? null : URL.parse(location, from);
  if (to === null) return { kind: 'refuse', why: 'noLocation' };
  // `blob:` claims the origin of what it wraps.
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return { kind: 'refuse', why: 'otherOrigin' };
  to.hash = '';
  const keepsMethod = httpStatus === 307 || httpStatus === 308;
  if (to.origin === from.origin) {
    if (!keepsMethod) return { kind: 'refuse', why: 'method' };
    return to.href === from.href ? { kind: 'refuse', why: 'loop' } : follow(to);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') return { kind: 'refuse', why: 'downgrade' };
  const upgrade = from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname;
  if (upgrade && (keepsMethod || httpStatus === 301)) return follow(to);
  return { kind: 'refuse', why: 'otherOrigin' };
}

/** User info in a redirect would be a credential that nobody declared. */
function follow(url: URL): RedirectJudgement {
  return url.username === '' && url.password === '' ? { kind: 'follow', url } : { kind: 'refuse', why: 'otherOrigin' };
}
