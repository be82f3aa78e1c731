import path from 'node:path';
import { expect, test } from 'vitest';
import { findOnPath } from '../../../hack/controlplane/kubectl.ts';
import { writeScript } from './fake-binaries.ts';
import { scratchDirectory } from './scratch.ts';

test('a tool is found on the PATH as an absolute path, or its absence is told', async () => {
  const directory = scratchDirectory();
  await writeScript(path.join(directory, 'kubectl'), 'true');
  expect(await findOnPath('kubectl', { PATH: `/nowhere:${directory}` })).toBe(path.join(directory, 'kubectl'));
  await expect(findOnPath('helm', { PATH: directory })).rejects.toThrow('helm is not on the PATH: install it');
  await expect(findOnPath('helm', {})).rejects.toThrow('helm is not on the PATH');
});
