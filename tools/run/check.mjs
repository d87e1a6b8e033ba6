/** `npm run check`: installs, builds, runs every test and every gate of ci/ that needs no network. */
import { join } from 'node:path';
import { build } from './build.mjs';
import { runNode, say, script } from './process.mjs';
import { runSuite } from './suite.mjs';
import { root } from './workspace.mjs';

// The spec check comes after the tests, since it reads their results.
const GATES = [
  'format-lint',
  'types',
  'spec-check',
  'api-reports',
  'dependency-line',
  'docstrings',
  'dead-exports',
];

await script(async () => {
  const red = [];
  await build();
  say('running the tests of every package and tool …');
  const counts = await runSuite({ folder: join(root, 'test-results') });
  if (counts.failed > 0) red.push('tests');
  for (const gate of GATES) {
    say(`checking ${gate} …`);
    if ((await runNode(join(root, 'ci', `${gate}.mjs`))) !== 0) red.push(gate);
  }
  const verdict = red.length === 0 ? 'all green' : `red: ${red.join(', ')}`;
  process.stdout.write(`\n${counts.passed} tests passed, ${counts.failed} failed; ${verdict}\n`);
  return red.length > 0 ? 1 : 0;
});
