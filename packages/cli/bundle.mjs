/**
 * Makes `dist/program`: the published form of the `dml` program, in few files.
 *
 * Loading some four hundred small modules costs more than all the work of `dml status` or of a run that knows every call.
 * The code of the sibling packages is inlined; the modules that threads start lie where their package looks for them,
 * and what captured code may import stays in the installed package, so that its bytes are the same for every program.
 * Run after the compiler, before packing. With `--maps` its text keeps its lines, and each file has a source map beside
 * it, so that it can be told which branches of the compiled modules were taken.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, transformSync } from 'esbuild';

const folder = import.meta.dirname;
const hasMaps = process.argv.includes('--maps');

/**
 * Packages of others, which stay installed with their licences, by name: the package of ours that depends on it, and the
 * variable that makes it leave out a part in machine code which takes longer to load than it saves.
 */
const REQUIRED = {
  lmdb: { owner: '@daggerml/store', variable: 'MSGPACKR_NATIVE_ACCELERATION_DISABLED' },
  'cbor-x': { owner: '@daggerml/object-model', variable: 'CBOR_NATIVE_ACCELERATION_DISABLED' },
  esbuild: { owner: '@daggerml/capture' },
  zod: { owner: '@daggerml/execution' },
  '@aws-sdk/client-s3': { owner: '@daggerml/remotes' },
  '@smithy/core/config': { owner: '@daggerml/remotes' },
  commander: {},
  'fastest-levenshtein': { owner: '@daggerml/repository' },
};

/** Modules that threads start, by the name under which their package starts them. */
const STARTED = {
  'worker/worker-main': '../execution/dist/worker/worker-main.js',
  'bundle/capture-main': '../capture/dist/bundle/capture-main.js',
  'ingest/ingest-main': '../execution/dist/ingest/ingest-main.js',
};

/** Programs besides `dml`, by their names. */
const PROGRAMS = {
  'dml-remote-file': '../execution/dist/dml-remote-file.js',
  'dml-remote-s3': '../execution/dist/dml-remote-s3.js',
  'dml-worker': '../execution/dist/dml-worker.js',
  'dml-script': '../execution/dist/dml-script.js',
};

/** Imports through `require`, from the place of the package that pins the version: fewer files than as modules. */
const requiredPackages = {
  name: 'required-packages',
  setup(context) {
    for (const [name, { owner, variable }] of Object.entries(REQUIRED)) {
      const filter = new RegExp(`^${name}$`);
      const home =
        owner === undefined
          ? import.meta.url
          : pathToFileURL(join(folder, `../${owner.slice('@daggerml/'.length)}/x.js`));
      const names = Object.keys(createRequire(home)(name)).filter(
        (each) => /^[A-Za-z_$][\w$]*$/.test(each) && each !== 'default',
      );
      const from = owner === undefined ? '__filename' : `createRequire(__filename).resolve('${owner}')`;
      context.onResolve({ filter }, () => ({ path: name, namespace: 'required', sideEffects: false }));
      context.onLoad({ filter, namespace: 'required' }, () => ({
        contents: `import { createRequire } from 'node:module';
          ${variable ? `const before = process.env.${variable}; process.env.${variable} = 'true';` : ''}
          export const { ${names.join(', ')} } = createRequire(${from})('${name}');
          ${variable ? `if (before === undefined) delete process.env.${variable}; else process.env.${variable} = before;` : ''}`,
      }));
    }
  },
};

const options = {
  absWorkingDir: folder,
  outdir: 'dist/program',
  bundle: true,
  write: false,
  metafile: true,
  sourcemap: hasMaps ? 'inline' : false,
  sourcesContent: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [requiredPackages],
  logOverride: { 'unsupported-dynamic-import': 'silent' },
};
// Threads share nothing with the main one, so that each of their modules is one file.
const results = await Promise.all([
  build({ ...options, entryPoints: { dml: 'dist/bin.js' }, splitting: true }),
  build({ ...options, entryPoints: { ...STARTED, ...PROGRAMS } }),
]);

/** Modules that look for files beside themselves in a way that holds in the program as well. */
const KNOWN_PLACES = [
  'dist/process/program-version.js',
  '../bindings/dist/program.js',
  '../capture/dist/source-file.js',
  '../execution/dist/source-file.js',
  '../execution/dist/adapters/served/serve.js',
  '../execution/dist/remote-adapters/serve-remotes.js',
];

// Any other module that does would not find them once it is inlined.
const placed = results
  .flatMap(({ metafile }) => Object.keys(metafile.inputs))
  .filter(
    (path) => !path.includes(':') && !KNOWN_PLACES.includes(path) && asksForItsPlace(join(folder, path)),
  );
const outputs = results.flatMap(({ metafile }) => Object.values(metafile.outputs));
const used = new Set(outputs.flatMap(({ inputs }) => Object.keys(inputs)));
const astray = placed.filter((path) => used.has(path));
if (astray.length > 0) throw new Error(`these modules must not be inlined: ${astray.join(', ')}`);

// Code of others comes with a licence that has to come along: it stays in its own package.
const foreign = [...used].filter((path) => path.includes('node_modules/'));
if (foreign.length > 0) throw new Error(`these packages must not be inlined: ${foreign.join(', ')}`);

rmSync(join(folder, 'dist/program'), { recursive: true, force: true });
mkdirSync(join(folder, 'dist/program'), { recursive: true });
writeFileSync(join(folder, 'dist/program/package.json'), '{ "type": "commonjs" }\n');
for (const { path, text } of results.flatMap(({ outputFiles }) => outputFiles)) {
  mkdirSync(dirname(path), { recursive: true });
  const { code, map } = asCommonJs(text);
  writeFileSync(path, code);
  if (hasMaps) writeFileSync(`${path}.map`, map);
}
for (const name of ['dml', ...Object.keys(PROGRAMS)])
  chmodSync(join(folder, `dist/program/${name}.js`), 0o755);

/** Returns a module as CommonJS, which Node loads in a third of the time; imports of what users write stay as they are. */
function asCommonJs(text) {
  const required = text.replace(
    /\bimport\(("\.\/[\w-]+\.js")\)/g,
    'Promise.resolve().then(() => require($1))',
  );
  const usesPlace = required.includes('import.meta.url');
  return transformSync(required, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    define: { 'import.meta.url': '__moduleUrl' },
    minifySyntax: !hasMaps,
    minifyWhitespace: !hasMaps,
    sourcemap: hasMaps ? 'external' : false,
    sourcesContent: false,
    banner: usesPlace ? 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' : '',
  });
}

/** Checks whether code, and not a text or a comment, asks for `import.meta.url`. */
function asksForItsPlace(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.includes('import.meta')) return false;
  return transformSync(text, { define: { 'import.meta.url': 'ITS_PLACE' }, minify: true }).code.includes(
    'ITS_PLACE',
  );
}
