/** Which licences a published package may bring along with its dependencies: those that ask for no more than notice. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../tools/run/workspace.mjs';

const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Zlib',
]);

/** Returns the problems of all packages that pnpm has installed below a `node_modules` folder. */
export function licenceProblems(nodeModules) {
  return installedManifests(join(nodeModules, '.pnpm'))
    .filter(({ license }) => !isAllowed(license))
    .map(
      ({ name, version, license = 'none' }) =>
        `${name}@${version} has the licence ${JSON.stringify(license)}`,
    );
}

/** Judges an SPDX expression; of alternatives one is enough. */
export function isAllowed(expression) {
  if (typeof expression !== 'string') return false;
  const alternatives = expression.replace(/^\((.*)\)$/, '$1').split(' OR ');
  return alternatives.some((terms) => terms.split(' AND ').every((term) => ALLOWED.has(term.trim())));
}

function installedManifests(store) {
  if (!existsSync(store)) return [];
  return readdirSync(store)
    .map((entry) => join(store, entry, 'node_modules'))
    .filter((folder) => existsSync(folder))
    .flatMap(packageFolders)
    .map(readManifest);
}

/** Lists the packages that lie in a folder themselves; links are the dependencies of those. */
function packageFolders(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => (name.startsWith('@') ? packageFolders(join(folder, name)) : [join(folder, name)]))
    .filter((path) => existsSync(join(path, 'package.json')));
}
