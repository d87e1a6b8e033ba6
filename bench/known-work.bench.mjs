import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { functions, Repository } from '@daggerml/bindings';
import { bundledCli } from './cli.mjs';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';
import { installPython } from './python-peers.mjs';

const CALLS = 10_000;
const STEPS = 1_000;
const fixtures = join(import.meta.dirname, 'fixtures');
const { increment } = functions(new URL('./fixtures/increment.mjs', import.meta.url));

function command(program, args, cwd) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return { stdout, stderr };
}

/** Times the calls and their commit; `kind` is how all of them have to come to their outcomes. */
async function timeCalls(folder, kind) {
  const repository = await Repository.open(folder);
  const spent = await timeMs(async () => {
    const dag = repository.newDag('calls');
    await dag.commit(Array.from({ length: CALLS }, (_, index) => dag.call(increment, index)));
    if (dag.open.reporter.counts[kind] !== CALLS) throw new Error(`not all calls were ${kind}`);
  });
  await repository.close();
  return spent;
}

/** Compares known calls of functions, without the start of either process. */
async function compareCalls(folder, python) {
  const repository = join(folder, 'calls');
  await (await Repository.init(repository)).close();
  await timeCalls(repository, 'executed');
  const args = [join(fixtures, 'joblib-calls.py'), join(folder, 'joblib'), `${CALLS}`];
  const joblib = () => Number(command(join(python, 'python'), args).stdout);
  joblib();
  const times = await interleave([
    { name: 'dml', run: () => timeCalls(repository, 'cached') },
    { name: 'joblib', run: joblib },
  ]);
  const seen = (name) => `${((median(times.get(name)) * 1000) / CALLS).toFixed(1)} µs each`;
  return judge('DML-EXE-2678', {
    what: `a re-run of ${CALLS} known calls (${seen('dml')})`,
    against: `joblib.Memory (${seen('joblib')})`,
    value: ratio(times, 'dml', 'joblib'),
    atMost: 0.5,
  });
}

/** Compares known steps that are scripts, as whole commands. */
async function compareSteps(folder, python) {
  const repository = join(folder, 'steps');
  await (await Repository.init(repository)).close();
  const dml = bundledCli();
  const run = () =>
    command(process.execPath, [
      dml,
      'run',
      join(fixtures, 'script-steps.mjs'),
      'steps',
      '--repo',
      repository,
    ]);
  const place = join(folder, 'snakemake');
  mkdirSync(place);
  copyFileSync(join(fixtures, 'Snakefile'), join(place, 'Snakefile'));
  const snakemake = () => command(join(python, 'snakemake'), ['--cores', '2'], place);
  run();
  snakemake();
  const seenOf = { dml: run(), snakemake: snakemake() };
  if (!/nothing changed/.test(seenOf.dml.stdout))
    throw new Error('the re-run of the steps changed something');
  if (!/Nothing to be done/.test(seenOf.snakemake.stderr)) throw new Error('snakemake had something to do');
  const times = await interleave([
    { name: 'dml', run: () => timeMs(run) },
    { name: 'snakemake', run: () => timeMs(snakemake) },
  ]);
  const seen = (name) => `${(median(times.get(name)) / 1000).toFixed(2)} s`;
  return judge('DML-EXE-2679', {
    what: `snakemake with ${STEPS} jobs, none of them to be done (${seen('snakemake')})`,
    against: `dml run of ${STEPS} known steps that are scripts (${seen('dml')})`,
    value: ratio(times, 'snakemake', 'dml'),
    atLeast: 10,
  });
}

export async function run() {
  return withFolder(async (folder) => {
    const rows = [];
    for (const [place, packages, compare] of [
      ['joblib', ['joblib==1.6.0'], compareCalls],
      ['snakemake', ['snakemake==9.27.1'], compareSteps],
    ]) {
      const below = join(folder, place);
      mkdirSync(below);
      const python = installPython(below, packages);
      if (python) rows.push(await compare(below, python));
    }
    return rows;
  });
}
