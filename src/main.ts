/**
 * The entry. It asks one question before anything else is loaded: is this Node new enough? So nothing is imported statically here, and
 * the bundle (hack/build.ts) is written in a syntax that much older versions can read. The rest is `cli/program.ts`.
 */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`mcpserver-operator needs Node 22.19 or newer, and this is Node ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  import('./cli/program.ts').then(
    ({ main }) => main(),
    (error) => {
      process.stderr.write(`mcpserver-operator can not be loaded: ${error}\n`);
      process.exitCode = 1;
    },
  );
}
