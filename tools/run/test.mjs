/** `npm test`: installs, builds, runs every test of every package and tool, and ends with the counts. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { say } from './process.mjs';
import { runSuite } from './suite.mjs';
import { root } from './workspace.mjs';

let counts;
try {
  await build();
  say('running the tests of every package and tool …');
  counts = await runSuite({ folder: join(root, 'test-results'), args: process.argv.slice(2) });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  counts = { passed: 0, failed: 1 };
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
