/**
 * Makes `dist/program`: the published form of the `dml` program, in few files.
 *
 * Loading some two hundred small modules costs more than all the work of `dml status`. The commands that look
 * get the code of the sibling packages inlined; `dml init` and `dml run` use the installed packages, since those
 * find their workers and the pipeline's imports from their own place. Run after the compiler, before packing.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = import.meta.dirname;

/** Engines that stay installed packages: name, who depends on it, and what is used of it. */
const REQUIRED = [
  { name: 'lmdb', owner: '@daggerml/store', names: ['nativeAddon', 'open', 'openAsClass'] },
  { name: 'cbor-x', owner: '@daggerml/object-model', names: ['Decoder', 'Encoder', 'Tag'] },
  { name: 'commander', names: ['Command', 'CommanderError', 'Option'] },
  { name: 'fastest-levenshtein', names: ['distance'] },
];

/** Imports through `require`, from the place of the package that pins the version: fewer files than as modules. */
const requiredPackages = {
  name: 'required-packages',
  setup(context) {
    for (const { name, owner, names } of REQUIRED) {
      const from = owner === undefined ? 'import.meta.url' : `import.meta.resolve('${owner}')`;
      context.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: name, namespace: 'required' }));
      context.onLoad({ filter: new RegExp(`^${name}$`), namespace: 'required' }, () => ({
        contents: `import { createRequire } from 'node:module';
          export const { ${names.join(', ')} } = createRequire(${from})('${name}');`,
      }));
    }
    context.onResolve({ filter: /^@daggerml\/bindings$/ }, () => ({ external: true }));
  },
};

const result = await build({
  absWorkingDir: folder,
  entryPoints: { dml: 'dist/bin.js' },
  outdir: 'dist/program',
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [requiredPackages],
});

// A module that looks for files beside itself would not find them once it is inlined.
const placed = Object.keys(result.metafile.inputs).filter(
  (path) =>
    !path.includes(':') &&
    !path.endsWith('dist/program-version.js') &&
    readFileSync(join(folder, path), 'utf8').includes('import.meta'),
);
const used = new Set(Object.values(result.metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs)));
const astray = placed.filter((path) => used.has(path));
if (astray.length > 0) throw new Error(`these modules must not be inlined: ${astray.join(', ')}`);

// Code of others comes with a licence that has to come along: it stays in its own package.
const foreign = [...used].filter((path) => path.includes('node_modules/'));
if (foreign.length > 0) throw new Error(`these packages must not be inlined: ${foreign.join(', ')}`);

rmSync(join(folder, 'dist/program'), { recursive: true, force: true });
mkdirSync(join(folder, 'dist/program'), { recursive: true });
for (const { path, contents } of result.outputFiles) writeFileSync(path, contents);
chmodSync(join(folder, 'dist/program/dml.js'), 0o755);
