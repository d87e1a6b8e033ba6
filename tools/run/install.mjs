/**
 * Installs the dependencies with the pinned pnpm, exactly as the lockfile says.
 *
 * Nothing is started when the last install was of the same lockfile: that keeps every root script
 * usable without a network once the first install is done.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, say } from './process.mjs';
import { packagesIn, readManifest, root } from './workspace.mjs';

/** Installs what the lockfile names, unless it is there; throws when that fails. */
export async function install() {
  if (isInstalled()) return;
  say('installing dependencies (the first time downloads them, which takes a minute or two) …');
  const code = await pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
  if (code !== 0) throw new Error(`pnpm install ended with exit code ${code}`);
  markInstalled();
}

/** Checks whether the last install below `base` used the current lockfile. */
export function isInstalled(base = root) {
  const stamp = stampFile(base);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint(base)) return false;
  const members = ['packages', 'tools', 'examples'].flatMap((parent) => packagesIn(parent, base));
  return members.every(
    ({ folder, manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length === 0 ||
      existsSync(join(base, folder, 'node_modules')),
  );
}

/** Notes that what the lockfile below `base` names is installed. */
export function markInstalled(base = root) {
  writeFileSync(stampFile(base), fingerprint(base));
}

/** Runs the pinned pnpm through npx, which comes with every Node; the results of a script are not its talk. */
function pnpm(args) {
  const version = readManifest(root).packageManager;
  return run('npx', ['--yes', '--prefer-offline', version, ...args], {
    shell: process.platform === 'win32',
    stdio: ['ignore', 2, 2],
  });
}

function stampFile(base) {
  return join(base, 'node_modules/.daggerml-installed');
}

function fingerprint(base) {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(base, file)));
  return hash.digest('hex');
}
