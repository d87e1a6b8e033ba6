/** Installs the Debian packages that tests need and that npm cannot bring: on a machine of its own, CI runs as root. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { capture } from '../tools/run/process.mjs';
import { problemsOf, runGate } from './gate.mjs';

/** Programs, by the packages that bring them. */
const PACKAGES = { bubblewrap: 'bwrap' };

/** Returns the packages whose programs PATH does not offer. */
export function missingPackages(path = process.env.PATH ?? '', packages = PACKAGES) {
  const folders = path.split(delimiter);
  return Object.entries(packages).flatMap(([name, program]) =>
    folders.some((folder) => existsSync(join(folder, program))) ? [] : [name],
  );
}

async function install(root) {
  const missing = missingPackages();
  if (missing.length === 0) return [];
  const words = ['-y', '-q', '--no-install-recommends', 'install', ...missing];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const first = await capture('apt-get', words, { cwd: root, env });
  if (first.code === 0) return [];
  // Lists of packages may be old, or not be there at all.
  await capture('apt-get', ['-q', 'update'], { cwd: root, env });
  return problemsOf(
    await capture('apt-get', words, { cwd: root, env }),
    `apt-get install ${missing.join(' ')}`,
  );
}

runGate(import.meta.url, 'system-packages', install);
