/**
 * The headers of a remote server as a spec has them: literals where they are known, `secretKeyRef` where they are secrets, each with its
 * place in a Secret that a person fills in. Pure. What is a secret is told by the document and by the rules of the API, which refuse a
 * literal for such names; whichever says so wins.
 */

import type { FieldPath } from '../../api/v1alpha1/field-faults.ts';
import { RULES } from '../../api/v1alpha1/rules.ts';
import { sanitizeText } from '../../probe/sanitize.ts';
import type { DocumentFault, RegistryHeader, RegistryInput } from './registry-document.ts';
import { expand, NO_SETTINGS, PLACEHOLDER, type Settings } from './template.ts';

/** One entry of the Secret stub. */
export interface SecretEntry {
  readonly value: string;
  /** One line for people, sanitized. */
  readonly comment: string;
}

export interface ImportedHeaders {
  readonly headers: readonly Record<string, unknown>[];
  readonly auth: Record<string, unknown> | undefined;
  readonly secret: ReadonlyMap<string, SecretEntry>;
  readonly faults: readonly DocumentFault[];
  /** What was left out, and why; one line each. */
  readonly notes: readonly string[];
}

/** Most characters of a publisher's text in a comment. */
const MAX_COMMENT_CHARS = 160;
const MAX_CHOICES = 8;

type HeaderOutcome =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'secret'; readonly value: string }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'omitted'; readonly note: string }
  | { readonly kind: 'fault'; readonly message: string };

/** `at` is where the list of headers stands; the Secret will be called `secretName`. */
export function importHeaders(
  declared: readonly RegistryHeader[],
  settings: Settings,
  { at, secretName }: { at: FieldPath; secretName: string },
): ImportedHeaders {
  const headers: Record<string, unknown>[] = [];
  const secret = new Map<string, SecretEntry>();
  const faults: DocumentFault[] = [];
  const notes: string[] = [];
  let auth: Record<string, unknown> | undefined;
  const keep = (wanted: string, header: RegistryHeader, value: string) => {
    // Characters that a header may have and a key may not become dashes, so two names may want one key.
    const clean = wanted.replaceAll(/[^-._a-zA-Z0-9]/g, '-');
    const key = secret.has(clean) ? `${clean}.${secret.size}` : clean;
    secret.set(key, { value, comment: commentOf(header) });
    return { secretKeyRef: { name: secretName, key } };
  };
  for (const [index, header] of declared.entries()) {
    const outcome = judgeHeader(header, settings);
    switch (outcome.kind) {
      case 'literal':
        headers.push({ name: header.name, value: outcome.value });
        break;
      case 'secret':
        headers.push({ name: header.name, valueFrom: keep(header.name, header, outcome.value) });
        break;
      case 'bearer':
        auth = { type: 'Bearer', bearer: keep('token', header, PLACEHOLDER) };
        break;
      case 'omitted':
        notes.push(outcome.note);
        break;
      case 'fault':
        faults.push({ path: [...at, index], message: outcome.message });
        break;
    }
  }
  return { headers, auth, secret, faults, notes };
}

/** `Bearer` and one open variable: the operator knows how to send such a token, and reads its expiry. */
const BEARER = new RegExp(`^Bearer ${PLACEHOLDER}$`, 'i');

function judgeHeader(header: RegistryHeader, settings: Settings): HeaderOutcome {
  const { name } = header;
  const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
  if (!isToken) return { kind: 'fault', message: 'has a name that no header may have' };
  if (!holds({ name, valueFrom: {} })) {
    return { kind: 'omitted', note: `header ${name} is left out: the operator or HTTP itself sets it` };
  }
  const template = header.value ?? header.fallback ?? '';
  const isSecret = header.isSecret || !holds({ name, value: '' });
  const expanded = expand(template, header.variables, isSecret ? NO_SETTINGS : settings);
  if (isSecret || expanded.secrets.length > 0) {
    if (name.toLowerCase() === 'authorization' && BEARER.test(expanded.text)) return { kind: 'bearer' };
    return { kind: 'secret', value: expanded.text || PLACEHOLDER };
  }
  const value = header.value === undefined ? (settings.get(name) ?? expanded.text) : expanded.text;
  const open = value !== expanded.text ? [] : template === '' ? [name] : expanded.open;
  const [missing] = value === '' || open.length > 0 ? open : [];
  if (missing === undefined) return { kind: 'literal', value };
  const input = missing === name ? header : header.variables.get(missing);
  if (!header.isRequired && input?.isRequired !== true) {
    return {
      kind: 'omitted',
      note: `header ${name} is left out: it is optional and has no value; --set ${missing}=VALUE sets one`,
    };
  }
  return { kind: 'fault', message: `needs a value: pass --set ${missing}=VALUE${choicesOf(input)}` };
}

/** Whether the API takes such a header. */
function holds(header: { name: string; value?: string; valueFrom?: object }): boolean {
  return RULES['spec.headers[]'].every((rule) => rule.holds(header));
}

/** `; one of a, b`, or nothing. */
export function choicesOf(input: RegistryInput | undefined): string {
  const choices = (input?.choices ?? []).slice(0, MAX_CHOICES).map((choice) => sanitizeText(choice, 64, []));
  return choices.length === 0 ? '' : `; one of ${choices.join(', ')}`;
}

function commentOf({ name, description, isRequired }: RegistryHeader): string {
  const need = isRequired ? 'required' : 'remove it here and in the MCPServer if it is not needed';
  const about = description === undefined ? '' : `: ${sanitizeText(description, MAX_COMMENT_CHARS, []).trim()}`;
  return `header ${name} (${need})${about}`;
}
