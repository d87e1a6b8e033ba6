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

const stampFile = join(root, 'node_modules/.daggerml-installed');

export async function install() {
  const stamp = fingerprint();
  if (isInstalled(stamp)) return;
  say('installing dependencies (the first time downloads them, which takes a minute or two) …');
  const code = await pnpm(['install', '--frozen-lockfile', '--prefer-offline']);
  if (code !== 0) throw new Error(`pnpm install ended with exit code ${code}`);
  writeFileSync(stampFile, stamp);
}

/** Runs the pinned pnpm through npx, which comes with every Node. */
function pnpm(args, options = {}) {
  const version = readManifest(root).packageManager;
  const shell = process.platform === 'win32';
  return run('npx', ['--yes', version, ...args], { shell, ...options });
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function isInstalled(stamp) {
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) return false;
  const members = ['packages', 'tools', 'examples'].flatMap((parent) => packagesIn(parent));
  return members.every(
    ({ folder, manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length === 0 ||
      existsSync(join(root, folder, 'node_modules')),
  );
}
