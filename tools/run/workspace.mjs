/** Where things lie in this repository: its root, its workspace folders and the tools it installs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Scripts of the pinned tools, run by the Node that runs us, so that no shell or PATH is involved. */
export const tools = {
  tsc: join(root, 'node_modules/@typescript/native/bin/tsc'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  knip: join(root, 'node_modules/knip/bin/knip.js'),
  apiExtractor: join(root, 'node_modules/@microsoft/api-extractor/bin/api-extractor'),
  publint: join(root, 'node_modules/publint/src/cli.js'),
  attw: join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
  specExtract: join(root, 'tools/spec-extract/dist/cli.js'),
};

/** Lists the folders below `parent` that hold a package.json, as `{ folder, manifest }`, by name. */
export function packagesIn(parent, base = root) {
  const folder = join(base, parent);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .map((name) => ({ folder: `${parent}/${name}`, manifest: readManifest(join(folder, name)) }));
}

export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
