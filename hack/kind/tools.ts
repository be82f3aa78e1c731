/**
 * Tells the scripts of kind where kubectl and helm are, one path a line: those of the PATH where both are there, because they are what
 * somebody uses, else those that the project brings.
 */
import { findOnPath, resolveTools } from '../controlplane/kubectl.ts';

const onPath = await Promise.all(['kubectl', 'helm'].map((name) => findOnPath(name, process.env))).catch(() => undefined);
if (onPath !== undefined) {
  console.log(onPath.join('\n'));
} else {
  const { kubectl, helm } = await resolveTools();
  console.log(`${kubectl}\n${helm}`);
}
