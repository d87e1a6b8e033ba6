import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Repository } from '@daggerml/bindings';
import { interleave, median, timeMs, withFolder } from './harness.mjs';

const cli = fileURLToPath(new URL('../packages/cli/', import.meta.url));
/** The program that users install: the compiled modules bundled into few files. */
const dml = `${cli}dist/program/dml.js`;
const ROUNDS = 15;

export async function run() {
  execFileSync(process.execPath, [`${cli}bundle.mjs`], { stdio: 'inherit' });
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
      ],
      { rounds: ROUNDS, warmups: 2 },
    );
    const base = median(times.get('node'));
    const row = (what, name, aimMs) => {
      const extra = median(times.get(name).map((value, round) => value - times.get('node')[round]));
      return {
        what,
        against: `node -e 0 (${base.toFixed(0)} ms)`,
        result: `+ ${extra.toFixed(0)} ms`,
        aim: `+ ≤ ${aimMs} ms`,
        met: extra <= aimMs,
      };
    };
    return [row('dml --version', 'version', 40), row('dml status', 'status', 90)];
  });
}
