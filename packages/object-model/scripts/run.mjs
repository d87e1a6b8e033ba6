/** Bundles a TypeScript program of this package for Node and runs it: `node scripts/run.mjs test/x.ts …`. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const folder = join(import.meta.dirname, '..');
const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) throw new Error('usage: node scripts/run.mjs <program.ts> [arguments]');
const outFolder = join(folder, 'node_modules', '.run');
mkdirSync(outFolder, { recursive: true });
const outfile = join(outFolder, `${entry.replace(/[^a-z0-9]+/gi, '-')}.mjs`);
/** Keeps the folder of each source: in the bundle all would have that of the bundle. */
const foldersOfSources = {
  name: 'folders-of-sources',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(dirname(path))),
      loader: 'ts',
    })),
};
await build({
  entryPoints: [join(folder, entry)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  conditions: ['@daggerml/source'],
  logLevel: 'warning',
  plugins: [foldersOfSources],
});
process.argv.splice(1, process.argv.length, outfile, ...rest.filter((argument) => argument !== '--'));
await import(pathToFileURL(outfile).href);
