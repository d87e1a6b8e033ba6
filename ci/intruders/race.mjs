/** Swaps a place of a repository for a link, over and over, while commands run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Tally } from './tally.mjs';
import { COMMANDS, fingerprint } from './world.mjs';

const SWAPPER = `
const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
const [place, target] = process.argv.slice(1);
const link = place + '.link';
process.stdout.write('ready');
for (;;) {
  // Each step leaves either the true thing or the link in the place, for some microseconds nothing.
  try { symlinkSync(target, link); } catch {}
  try { renameSync(place, place + '.true'); } catch {}
  try { renameSync(link, place); } catch {}
  try { unlinkSync(place); } catch {}
  try { renameSync(place + '.true', place); } catch {}
}`;

const PLACES = [
  ['store/lock.mdb', 'file'],
  ['store/lock.mdb', 'not-there'],
  ['store/data.mdb', 'file'],
  ['store/data.mdb', 'not-there'],
  ['store/stamp', 'file'],
  ['store', '.'],
  ['.', '.'],
];
const RUNS = ['status', 'gc', 'compact', 'run', 'export'];

/** Exit codes that a race may end with: success and every refusal, but no defect and no signal. */
const ALLOWED = [0, 3, 5, 6, 7, 8, 10, 11, 12, 13];

export async function runRaces(world, names, rounds) {
  const tally = new Tally();
  const before = fingerprint(world.mine);
  for (const [place, target] of PLACES) {
    for (let round = 0; round < rounds; round += 1) {
      tally.rounds += 1;
      const project = world.copy('race');
      const path = join(project, '.dml', place);
      const swapper = spawn(process.execPath, ['-e', SWAPPER, path, join(world.mine, target)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(swapper.stdout, 'data');
      for (const name of RUNS) {
        const end = await world.dml(COMMANDS[name], { cwd: project, env: { ROUND: `${round}` } });
        tally.end(`${place} swapped, ${name}`, end, ALLOWED);
      }
      swapper.kill('SIGKILL');
      await once(swapper, 'close');
      if (fingerprint(world.mine) !== before) {
        tally.broken.push(`${place} swapped for a link to ${target}: something outside was changed`);
        world.fillMine(names);
      }
      rmSync(project, { recursive: true, force: true });
    }
  }
  return tally;
}
