import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { judge, median, timeMs, withFolder } from './harness.mjs';

const OBJECTS = 1_000_000;
const ROUNDS = 5;
const child = join(import.meta.dirname, 'open.child.mjs');

function runChild(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

async function startWriter(path) {
  const writer = spawn(process.execPath, [child, 'write', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(writer.stdout, 'data');
  return writer;
}

async function kill(writer) {
  const ended = once(writer, 'exit');
  writer.kill('SIGKILL');
  await ended;
}

/** Setup and teardown of each timed opening. */
const SITUATIONS = {
  idle: async () => {},
  'next to a writer': async (path) => {
    const writer = await startWriter(path);
    return () => kill(writer);
  },
};

/** Opens a store of a million objects in a process of its own, in each situation. */
export async function run() {
  return withFolder(async (folder) => {
    const path = join(folder, 'store');
    runChild('fill', path, `${OBJECTS}`);
    const names = Object.keys(SITUATIONS);
    const times = new Map(names.map((name) => [name, []]));
    const nodeMs = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const name of names) {
        // The writer of the round before may have been killed in a commit.
        runChild('vouch', path);
        const end = await SITUATIONS[name](path);
        times.get(name).push(JSON.parse(runChild('open', path)));
        nodeMs.push(await timeMs(() => spawnSync(process.execPath, ['-e', '0'])));
        await end?.();
      }
    const middle = (name, part) => median(times.get(name).map((time) => time[part]));
    return names.map((name) =>
      judge('DML-STO-1903', {
        what: `open ${OBJECTS} objects, ${name} (${middle(name, 'open').toFixed(1)} ms)`,
        against: `node -e 0 (${median(nodeMs).toFixed(0)} ms)`,
        value: middle(name, 'open') / median(nodeMs),
        atMost: 0.75,
        detail: `then a first read and put: ${middle(name, 'use').toFixed(1)} ms`,
      }),
    );
  });
}
