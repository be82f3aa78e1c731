import { expect, test } from 'vitest';
import { anchorOfHeading } from '../../../hack/docs/markdown.ts';
import { renderReasons } from '../../../hack/docs/reasons.ts';
import { anchorOf, reasonsTable, STATE_REASONS } from '../../../src/api/v1alpha1/reasons.ts';

const text = renderReasons();
const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);

test('every reason has a section with its cause and its remedy, at the anchor that messages and alerts link to', () => {
  const anchors = headings.map(anchorOfHeading);
  for (const { reason, cause, remedy } of reasonsTable) {
    const section = text.split(`### ${reason}\n`)[1]?.split('\n#')[0] ?? '';
    expect(section).toContain(`- Cause: ${cause}`);
    expect(section).toContain(`- Remedy: ${remedy}`);
    expect(anchors.filter((anchor) => anchor === anchorOf(reason))).toHaveLength(1);
  }
});

test('each stands under its class, and in the table at the top', () => {
  for (const { reason, class: failureClass } of reasonsTable) {
    expect(text).toContain(`| [\`${reason}\`](#${anchorOf(reason)}) | ${failureClass} |`);
    const above = headings.slice(0, headings.indexOf(reason)).findLast((heading) => heading.endsWith(' failures'));
    expect(above).toBe(`${failureClass} failures`);
  }
});

test('the reasons that are no failure are explained, too', () => {
  for (const reason of STATE_REASONS) expect(text).toMatch(new RegExp(`^\\| \`${reason}\` \\| [^|]+ \\| [^|]{20,} \\|$`, 'm'));
});
