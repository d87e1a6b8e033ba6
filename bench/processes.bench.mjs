import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Repository } from '@daggerml/bindings';
import { interleave, judge, median, ratio, timeMs, withFolder } from './harness.mjs';

const CALLS = 1_000;
const WORKERS = 8;
const child = join(import.meta.dirname, 'processes.child.mjs');

function runChild(args) {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    process_.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    process_.on('error', reject);
    process_.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`a process ended with ${code}`)),
    );
  });
}

/** Times processes that make the same calls, from the start of the first to the end of the last: new calls, then known ones. */
function timeProcesses(count) {
  return withFolder(async (folder) => {
    await (await Repository.init(folder)).close();
    const marks = join(folder, 'marks');
    writeFileSync(marks, '');
    const args = [folder, marks, `${CALLS}`, `${WORKERS / count}`];
    const runAll = () => Promise.all(Array.from({ length: count }, () => runChild(args)));
    const first = await timeMs(async () => {
      const executed = (await runAll()).reduce((sum, counts) => sum + counts.executed, 0);
      const ran = statSync(marks).size;
      if (executed !== CALLS || ran !== CALLS) throw new Error(`${CALLS} calls were made, ${ran} ran`);
    });
    const again = await timeMs(runAll);
    if (statSync(marks).size !== CALLS) throw new Error('known calls ran again');
    return { first, again };
  });
}

export async function run() {
  const known = new Map([1, WORKERS].map((count) => [count, []]));
  const subjects = [...known.keys()].map((count) => ({
    name: count,
    run: async () => {
      const { first, again } = await timeProcesses(count);
      known.get(count).push(again);
      return first;
    },
  }));
  const times = await interleave(subjects, { rounds: 5 });
  const seconds = (values) => `${(median(values) / 1000).toFixed(2)} s`;
  const starts = `of it starts, as with known calls: ${seconds(known.get(WORKERS))} against ${seconds(known.get(1))}`;
  return [
    judge('DML-EXE-2677', {
      what: `${WORKERS} processes of one thread make the same ${CALLS} new calls of 20 ms, each run once (${seconds(times.get(WORKERS))})`,
      against: `one process of ${WORKERS} threads (${seconds(times.get(1))})`,
      value: ratio(times, WORKERS, 1),
      atMost: 1.2,
      detail: starts,
    }),
  ];
}
