/** Looks at what real commands touch below `.dml`, so that no place is missing from the list of them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { placesOf } from './links.mjs';
import { Tally } from './tally.mjs';
import { COMMANDS } from './world.mjs';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const KNOWN_UUID = '00112233-4455-6677-8899-aabbccddeeff';
/** By a descriptor of a folder, as the store reaches its files, or by their whole path. */
const REACHED = /^\/proc\/self\/fd\/\d+\/+(.+)$/;

/** Checks whether this machine can trace the system calls of a process. */
export function canTrace() {
  return spawnSync('strace', ['-V']).status === 0;
}

/** Runs every command and compares the names that it uses with the list. */
export async function runPlaces(world, storeNames) {
  const tally = new Tally();
  const places = new Set(placesOf(storeNames).flatMap((place) => [place, place.split('/').at(-1)]));
  const project = world.copy('traced');
  const log = join(world.folder, 'trace');
  const seen = new Set();
  for (const [name, argv] of [...Object.entries(COMMANDS), ['new', ['init', 'new']]]) {
    tally.rounds += 1;
    const prefix = ['strace', '-f', '-qq', '-s', '4096', '-e', 'trace=%file', '-o', log];
    tally.end(name, await world.dml(argv, { cwd: project, prefix, env: { ROUND: '7' } }), [0]);
    for (const [, path] of readFileSync(log, 'utf8').matchAll(/"(\/[^"]*)"/g)) {
      const below = path.split('/.dml/')[1] ?? REACHED.exec(path)?.[1];
      if (below === undefined || below === '.') continue;
      const place = below
        .replace(UUID, KNOWN_UUID)
        .replace(/\.new-\d+-/, '.new-77-')
        .replace(/\/+$/, '');
      seen.add(place);
      tally.check(name, places.has(place), `uses a place that is not on the list: ${place}`);
    }
  }
  tally.check('tracing', seen.has('data.mdb'), 'saw no file of a store');
  rmSync(project, { recursive: true, force: true });
  return tally;
}
