import { expect, test } from 'vitest';
import { bashScript } from '../../src/cli/completion-bash.ts';
import { describeVerbs } from '../../src/cli/completion-table.ts';

// What bash makes of it: completion.test.ts.
test('the script starts no process of ours while somebody types, and calls no function that bash-completion alone has', () => {
  const script = bashScript(describeVerbs());
  expect(script).not.toMatch(/\$\(mcpserver-operator|_init_completion|_filedir|__ltrim_colon/);
  expect(script).toContain('complete -F _mcpserver_operator mcpserver-operator\n');
});
