/** Cuts PromQL into words, numbers, durations, strings and signs. Pure. */

export interface Token {
  readonly kind: 'word' | 'number' | 'duration' | 'string' | 'sign';
  /** A string without its quotes. */
  readonly text: string;
}

const TOKEN =
  /\s*(?:(?<duration>(?:\d+(?:ms|[smhdwy]))+)|(?<number>\d+(?:\.\d+)?)|(?<word>[a-zA-Z_:][\w:]*)|"(?<string>(?:[^"\\]|\\.)*)"|(?<sign>==|!=|<=|>=|=~|!~|[-+*/%<>=(){}[\],]))/y;

/** Throws when something is no token. */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  const text = expression.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw new Error(`not PromQL: ${text.slice(at, at + 20)}`);
    for (const kind of ['duration', 'number', 'word', 'string', 'sign'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found });
    }
  }
  return tokens;
}
