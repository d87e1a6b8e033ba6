/** Other programs that keep files: each starts empty in a folder of its own, then adds what is new below `input`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { timeMs } from './harness.mjs';

export const HAS_RESTIC = spawnSync('restic', ['version'], { stdio: 'ignore' }).status === 0;

function command(name, args, options = {}) {
  const { status, stderr } = spawnSync(name, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  if (status !== 0) throw new Error(`${name} ${args[0]}: ${stderr}`);
}

/** Returns git and, where it is installed, restic, to keep what is below `input` in `place`. */
export function peersAt(place, input) {
  const env = { ...process.env, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: join(place, 'cache') };
  const store = join(place, 'restic');
  const git = ['--git-dir', join(place, 'git'), '--work-tree', input];
  const restic = {
    name: 'restic backup',
    begin: () => command('restic', ['-r', store, 'init', '-q'], { env }),
    add: () => timeMs(() => command('restic', ['-r', store, 'backup', '-q', input], { env })),
  };
  return [
    ...(HAS_RESTIC ? [restic] : []),
    {
      name: 'git add',
      begin: () => command('git', ['init', '-q', '--bare', join(place, 'git')]),
      add: () => timeMs(() => command('git', [...git, 'add', '-A', '.'], { cwd: input })),
    },
  ];
}
