/**
 * Gate: a repository in which others may write, or that belongs to others, is not turned against its user.
 *
 * Whatever is in the place of its files, nothing outside of it is changed and no command ends by a defect, a
 * signal or not at all. What needs root or tools that are not there is named at the end, and does not run.
 *
 * With `--all` everything that may not belong there is put into every place, and every command runs; `--rounds 20` swaps links, and lets
 * members of a group take turns, that many times.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root as repositoryRoot } from '../tools/run/workspace.mjs';
import { runGate } from './gate.mjs';
import { runLinks } from './intruders/links.mjs';
import { canTrace, runPlaces } from './intruders/places.mjs';
import { runRaces } from './intruders/race.mjs';
import { canBeOthers, canMount, runForeign, runMounts, runShared } from './intruders/users.mjs';
import { COMMANDS, World } from './intruders/world.mjs';

const PLACES = 'packages/store/dist/store-folder/places.js';

/** Returns the problems; `tell` receives the counts. */
export async function check(root, args = [], tell = (text) => process.stdout.write(text)) {
  const at = args.indexOf('--rounds');
  const rounds = at < 0 ? 1 : Number(args[at + 1]);
  // A root of its own has a program in the place of dml.
  const own = join(root, 'dml.mjs');
  const program = existsSync(own) ? own : join(root, 'packages/cli/dist/program/dml.js');
  const { storeNames } = await import(pathToFileURL(join(repositoryRoot, PLACES)).href);
  const world = new World(program);
  const skipped = [];
  const parts = [];
  const run = async (name, part) => {
    const tally = await part();
    tell(`${JSON.stringify({ name, ...tally, broken: tally.broken.length })}\n`);
    parts.push(tally);
  };
  try {
    const names = storeNames('uuid');
    await world.begin(names);
    if (canTrace()) await run('places that commands use', () => runPlaces(world, storeNames));
    else skipped.push('places that commands use (needs strace)');
    await run('what does not belong there, at every place', () => runLinks(world, storeNames, pickOf(args)));
    await run('links that come and go', () => runRaces(world, names, rounds));
    if (canBeOthers()) {
      await run('repositories of others', () => runForeign(world));
      await run('a repository of a group', () => runShared(world, rounds));
    } else skipped.push('other users (needs root and setpriv)');
    if (canMount()) await run('without /proc, and read-only', () => runMounts(world));
    else skipped.push('mounts (needs root and unshare)');
  } finally {
    world.remove();
  }
  for (const what of skipped) tell(`not run: ${what}\n`);
  return parts.flatMap(({ broken }) => broken);
}

/**
 * Returns what chooses the commands of a round: the chief writers and two by turns for one round of each kind and place; with
 * `--all`, every command for each kind at each place.
 */
function pickOf(args) {
  const names = Object.keys(COMMANDS);
  if (args.includes('--all')) return () => names;
  const seen = new Set();
  return (round, kind, place) => {
    const isNew = !seen.has(kind) || !seen.has(place);
    seen.add(kind).add(place);
    // The chief writers at each place, two others by turns.
    return isNew
      ? [...new Set(['run', 'gc', ...[0, 1].map((turn) => names[(2 * round + turn) % names.length])])]
      : [];
  };
}

await runGate(import.meta.url, 'intruders', check);
