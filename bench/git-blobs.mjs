/** Bare repositories of git with the records of a repository as blobs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { outgoingObjects } from '@daggerml/store';

/** Neither settings of this machine nor work in the background. */
const ENV = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const SETTINGS = [
  'gc.auto=0',
  'maintenance.auto=false',
  'receive.autogc=false',
  'transfer.fsckObjects=false',
];
const CONFIG = SETTINGS.flatMap((setting) => ['-c', setting]);
/** Blobs in a folder of the tree. */
const FOLDER_BLOBS = 1_000;
const PIECE_BYTES = 2 ** 20;

/** Runs git to its end. */
export function git(args, options = {}) {
  const { status, stderr } = spawnSync('git', [...CONFIG, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: ENV,
    ...options,
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

export function initBare(place) {
  git(['init', '-q', '--bare', '--initial-branch=main', place]);
}

/** Makes a bare repository with one pack, as a clone leaves it, of a blob for each object that a commit reaches. */
export async function makePacked(place, store, commitId) {
  initBare(place);
  const importing = spawn('git', ['--git-dir', place, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: ENV,
  });
  const ended = once(importing, 'close');
  let pieces = [];
  let size = 0;
  const write = async (...parts) => {
    for (const part of parts) {
      pieces.push(Buffer.from(part));
      size += part.length;
    }
    if (size < PIECE_BYTES) return;
    const piece = Buffer.concat(pieces);
    pieces = [];
    size = 0;
    if (!importing.stdin.write(piece)) await once(importing.stdin, 'drain');
  };
  let count = 0;
  for await (const { bytes } of outgoingObjects(store, [commitId], [])) {
    count += 1;
    await write(`blob\nmark :${count}\ndata ${bytes.length}\n`, bytes, '\n');
  }
  await write('commit refs/heads/main\ncommitter bench <bench@localhost> 1700000000 +0000\ndata 5\nbench\n');
  for (let blob = 1; blob <= count; blob += 1)
    await write(`M 100644 :${blob} ${Math.floor(blob / FOLDER_BLOBS)}/${blob}\n`);
  importing.stdin.end(Buffer.concat(pieces));
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
  return count;
}

/** Makes a bare repository with a file for each object of a packed one, as adding them leaves it. */
export function makeLoose(place, packed) {
  initBare(place);
  const folder = join(packed, 'objects', 'pack');
  const pack = openSync(
    join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.pack')),
    ),
    'r',
  );
  try {
    git(['--git-dir', place, 'unpack-objects', '-q'], { stdio: [pack, 'ignore', 'pipe'] });
  } finally {
    closeSync(pack);
  }
  git(['--git-dir', place, 'fetch', '-q', packed, 'refs/heads/main:refs/heads/main']);
}
