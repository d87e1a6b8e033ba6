import { spawnSync } from 'node:child_process';
import { bundledCli } from './cli.mjs';
import { interleave, judge, median, timeMs, withFolder } from './harness.mjs';
import { makeHistory } from './history.mjs';

const COMMITS = Number(process.env.DML_BENCH_COMMITS ?? 10_000);
const CALLS_EACH = 10;
const ROUNDS = 9;

export async function run() {
  const dml = bundledCli();
  return withFolder(async (folder) => {
    const { newest } = await makeHistory(folder, { commits: COMMITS, callsEach: CALLS_EACH });
    const spawned = (args) =>
      timeMs(() => {
        const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
        if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
      });
    const times = await interleave(
      [
        { name: 'node', run: () => spawned(['-e', '0']) },
        { name: 'newest', run: () => spawned([dml, 'why', `${newest}#call-0`]) },
        { name: 'oldest', run: () => spawned([dml, 'why', 'first#call-0']) },
        { name: 'dag', run: () => spawned([dml, 'why', newest]) },
      ],
      { rounds: ROUNDS, warmups: 2 },
    );
    const history = `${COMMITS} commits with ${COMMITS * CALLS_EACH} calls`;
    const row = (name, what) =>
      judge('DML-EXE-2675', {
        what: `dml why of ${what}, ${history}`,
        against: `node -e 0 (${median(times.get('node')).toFixed(0)} ms)`,
        value: median(times.get(name)),
        unit: ' ms',
        atMost: 300,
      });
    return [
      row('newest', 'a call of the newest commit'),
      row('oldest', 'a call of the first commit'),
      row('dag', 'the newest dag'),
    ];
  });
}
