import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  interleave,
  judge,
  median,
  ratio,
  ratios,
  spread,
  startProcess,
  timeMs,
  withFolder,
} from './harness.mjs';
import { bodies } from './put-get.nodes.mjs';

const COUNT = bodies.length;
const ROUNDS = 15;
/** The compiler needs some hundred thousand puts before they run at full speed. */
const WARMUPS = 8;
const child = fileURLToPath(new URL('put-get.child.mjs', import.meta.url));

async function putFastImport() {
  return withFolder(async (folder) => {
    execFileSync('git', ['init', '-q', '--bare', folder]);
    const parts = bodies.flatMap((bytes) => [
      Buffer.from(`blob\ndata ${bytes.length}\n`),
      bytes,
      Buffer.from('\n'),
    ]);
    const input = Buffer.concat(parts);
    return timeMs(() => {
      const { status } = spawnSync('git', ['-C', folder, 'fast-import', '--quiet'], { input });
      if (status !== 0) throw new Error('git fast-import failed');
    });
  });
}

export async function run() {
  const processes = [
    ['raw', startProcess(child, ['raw'])],
    ['raw again', startProcess(child, ['raw'])],
    ['store', startProcess(child, ['store'])],
  ];
  const timed = (task) => {
    const subjects = processes.map(([name, { ask }]) => ({ name, run: () => ask(task) }));
    return interleave(subjects, { rounds: ROUNDS, warmups: WARMUPS });
  };
  let puts;
  let gets;
  try {
    puts = await timed('put');
    gets = await timed('get');
  } finally {
    for (const [, { end }] of processes) end();
  }
  const others = await interleave([{ name: 'fast-import', run: putFastImport }]);
  const perPut = median(puts.get('store'));
  const perGet = median(gets.get('store'));
  return [
    row(
      'DML-STO-1600',
      `put ${COUNT} call nodes (${micros(perPut)} each)`,
      `raw lmdb (${micros(median(puts.get('raw')))}; A/A ${noise(puts)})`,
      puts,
      0.6,
    ),
    judge('DML-STO-1601', {
      what: 'the same',
      against: 'git fast-import',
      value: median(others.get('fast-import')) / perPut,
      atLeast: 4,
    }),
    row(
      'DML-STO-1603',
      `get + hash check + decode (${micros(perGet)} each)`,
      `raw lmdb get (${micros(median(gets.get('raw')))}; A/A ${noise(gets)})`,
      gets,
      0.5,
    ),
  ];
}

const micros = (ms) => `${((ms * 1000) / COUNT).toFixed(2)} µs`;
const noise = (times) => ratio(times, 'raw again', 'raw').toFixed(2);

function row(requirement, what, against, times, atLeast) {
  const detail = spread(ratios(times, 'raw', 'store'));
  return judge(requirement, { what, against, value: ratio(times, 'raw', 'store'), atLeast, detail });
}
