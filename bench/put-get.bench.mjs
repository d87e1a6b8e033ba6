import { execFileSync, spawnSync } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { fileURLToPath } from 'node:url';
import git from 'isomorphic-git';
import { interleave, median, ratio, ratios, spread, startProcess, timeMs, withFolder } from './harness.mjs';
import { bodies } from './put-get.nodes.mjs';

const COUNT = bodies.length;
/** isomorphic-git is timed on fewer blobs and scaled: a full round would take minutes. */
const ISOMORPHIC_COUNT = 500;
const ROUNDS = 15;
/** Puts of the store are not at their speed before the compiler has seen some hundred thousand. */
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

async function putIsomorphicGit() {
  return withFolder(async (folder) => {
    await git.init({ fs: { promises: fs }, dir: folder });
    const spent = await timeMs(async () => {
      for (const blob of bodies.slice(0, ISOMORPHIC_COUNT))
        await git.writeBlob({ fs: { promises: fs }, dir: folder, blob });
    });
    return (spent * COUNT) / ISOMORPHIC_COUNT;
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
  const others = await interleave([
    { name: 'fast-import', run: putFastImport },
    { name: 'isomorphic-git', run: putIsomorphicGit },
  ]);
  const perPut = median(puts.get('store'));
  const perGet = median(gets.get('store'));
  return [
    row(
      `put ${COUNT} call nodes (${micros(perPut)} each)`,
      `raw lmdb (${micros(median(puts.get('raw')))}; A/A ${noise(puts)})`,
      puts,
      0.6,
    ),
    against('the same', 'git fast-import', median(others.get('fast-import')) / perPut, 4),
    against('the same', 'isomorphic-git writeBlob', median(others.get('isomorphic-git')) / perPut, 100),
    row(
      `get + hash check + decode (${micros(perGet)} each)`,
      `raw lmdb get (${micros(median(gets.get('raw')))}; A/A ${noise(gets)})`,
      gets,
      0.5,
    ),
  ];
}

const micros = (ms) => `${((ms * 1000) / COUNT).toFixed(2)} µs`;
const noise = (times) => ratio(times, 'raw again', 'raw').toFixed(2);

function row(what, other, times, aim) {
  const value = ratio(times, 'raw', 'store');
  const result = `${value.toFixed(2)}× (${spread(ratios(times, 'raw', 'store'))})`;
  return { what, against: other, result, aim: `≥ ${aim}×`, met: value >= aim };
}

function against(what, other, value, aim) {
  return { what, against: other, result: `${value.toFixed(2)}×`, aim: `≥ ${aim}×`, met: value >= aim };
}
