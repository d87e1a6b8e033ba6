import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Repository } from '@daggerml/bindings';
import { bundledCli } from './cli.mjs';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const pipeline = fileURLToPath(new URL('fixtures/cached-pipeline.mjs', import.meta.url));
const PIPELINES = ['few', 'many'];
const ROUNDS = 15;

export async function run() {
  const dml = bundledCli();
  return withFolder(async (folder) => {
    const repository = await Repository.init(folder);
    const dag = repository.newDag('bench');
    await dag.commit(dag.literal(1));
    await repository.close();
    const spawned = (args) =>
      timeMs(() => {
        const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: 'ignore' });
        if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
      });
    const times = await interleave(
      [
        { name: 'node', run: () => spawned(['-e', '0']) },
        { name: 'version', run: () => spawned([dml, '--version']) },
        { name: 'status', run: () => spawned([dml, 'status']) },
        ...PIPELINES.map((name) => ({
          name,
          run: () => spawned([dml, 'run', pipeline, name, '--repo', folder]),
        })),
      ],
      { rounds: ROUNDS, warmups: 2 },
    );
    const seen = (name) => `${median(times.get(name)).toFixed(0)} ms`;
    const row = (requirement, what, name, atMost) =>
      judge(requirement, {
        what: `${what} (${seen(name)})`,
        against: `node -e 0 (${seen('node')})`,
        value: ratio(times, name, 'node'),
        atMost,
      });
    return [
      row('DML-CLI-1600', 'dml --version', 'version', 1.6),
      row('DML-CLI-1601', 'dml status', 'status', 2.4),
      row('DML-CLI-1602', 'dml run of 15 known calls', 'few', 2.2),
      judge('DML-CLI-1640', {
        what: `dml run of 1,000 known calls (${seen('many')})`,
        against: `of 15 known calls (${seen('few')})`,
        value: ratio(times, 'many', 'few'),
        atMost: 1.3,
      }),
    ];
  });
}
