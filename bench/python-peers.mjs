/** Packages of Python to compare with, in an environment of their own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Installs packages below a folder; returns that of their programs, or undefined, and says why, where that cannot be. */
export function installPython(folder, packages) {
  const environment = join(folder, 'venv');
  const commands = [
    ['python3', '-m', 'venv', environment],
    [join(environment, 'bin', 'pip'), 'install', '--quiet', '--disable-pip-version-check', ...packages],
  ];
  for (const [program, ...args] of commands) {
    const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status === 0) continue;
    const reason = error?.message ?? stderr.trim().split('\n').at(-1);
    process.stderr.write(`  without ${packages.join(' and ')}: ${reason}\n`);
    return undefined;
  }
  return join(environment, 'bin');
}
