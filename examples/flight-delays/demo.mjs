/** `npm run demo`: four runs of one pipeline that show what is computed again, and why nothing else is. */
import { spawnSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EDITS, edit, stage } from './stage.mjs';

const dml = fileURLToPath(new URL('./bin.js', import.meta.resolve('@daggerml/cli')));
const folder = resolve(import.meta.dirname, '.demo');

function heading(text) {
  process.stdout.write(`\n── ${text}\n`);
}

function run(...args) {
  process.stdout.write(`$ dml ${args.join(' ')}\n`);
  const { status, error } = spawnSync(process.execPath, [dml, ...args], { cwd: folder, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) {
    process.stderr.write(`dml ${args[0]} ended with exit code ${status}\n`);
    process.exit(status ?? 1);
  }
}

function change({ file, from, to }) {
  edit(resolve(folder, file), from, to);
  process.stdout.write(`edit ${file}:\n  - ${from}\n  + ${to}\n`);
}

stage(folder);
process.stdout.write(
  `Predicting the delays of 20,000 flights, in ${relative(process.cwd(), folder) || folder}\n`,
);
run('init');

heading('1. The first run computes every call.');
run('run', 'pipeline.ts');

heading('2. The second run answers from the cache.');
run('run', 'pipeline.ts');

heading('3. One parameter changes: only what depends on it runs again.');
change(EDITS.parameter);
run('run', 'pipeline.ts');

heading('4. A comment changes: nothing runs again.');
change(EDITS.comment);
run('run', 'pipeline.ts');

heading('The report and its chart, written out with their history behind them.');
run('export', 'flight-delays', 'out');
run('log');

const here = relative(process.env.INIT_CWD ?? process.cwd(), folder) || '.';
process.stdout.write(`
What to try next:
  cd ${here}
  open out/report.md and out/delays.svg
  change SMOOTHING in features.ts: a helper is part of the code's identity
  npm run dml -- run pipeline.ts        and see what runs again
  npm run dml -- show flight-delays     what was computed from what
  npm run dml -- --help                 every command
`);
