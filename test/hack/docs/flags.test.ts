import { expect, test } from 'vitest';
import { renderFlags } from '../../../hack/docs/flags.ts';
import { VERBS, type VerbText } from '../../../src/cli/verbs.ts';
import { envNameOf } from '../../../src/platform/flags.ts';

const text = renderFlags();
const verbs: [string, VerbText][] = Object.entries(VERBS);

test.each(verbs)(
  '%s has a section with usage, every flag, default and examples',
  (verb, { usage, flags, readsEnvironment, examples }) => {
    const section = text.split(`\n## ${verb}\n`)[1]?.split('\n## ')[0] ?? '';
    for (const line of [...usage, ...examples]) expect(section).toContain(line);
    for (const [name, { help, shownDefault }] of Object.entries(flags)) {
      const row = section.split('\n').find((line) => new RegExp(`^\\| \`(?:-\\w, )?--${name}\``).test(line)) ?? '';
      expect(row).toContain(help.replaceAll('|', '\\|').replaceAll('<', '&lt;'));
      expect(row).toContain(`| ${shownDefault === '' ? '–' : `\`${shownDefault}\``} |`);
      if (readsEnvironment) expect(row).toContain(`\`${envNameOf(name)}\``);
    }
  },
);

test('bounds stand there in the words in which a wrong value is refused', () => {
  expect(text).toContain(
    '| `--max-concurrent-retries` | `MCPSERVER_OPERATOR_MAX_CONCURRENT_RETRIES` | a whole number from 1 to 5 | `5` |',
  );
  expect(text).toContain('| a duration such as 1h, from 1m to 24h | `1h` |');
});
