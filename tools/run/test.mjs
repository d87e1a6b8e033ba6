/** `npm test`: installs, builds, runs every test of every package and tool, and ends with the counts. */
import { join } from 'node:path';
import { compile } from './build.mjs';
import { install } from './install.mjs';
import { say } from './process.mjs';
import { runSuite } from './suite.mjs';
import { root } from './workspace.mjs';

const counts = await installAndTest().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  return { passed: 0, failed: 1 };
});
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function installAndTest() {
  await install();
  say('building …');
  const isBuilt = await compile();
  if (!isBuilt) say('the build failed, which counts as one failure; the tests still run');
  say('running the tests of every package and tool …');
  const { passed, failed } = await runSuite({
    folder: join(root, 'test-results'),
    args: process.argv.slice(2),
  });
  return { passed, failed: isBuilt ? failed : failed + 1 };
}
