import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type BuildFailure, type BuildOptions, type BuildResult, buildSync } from 'esbuild';
import { captureError } from '../errors.ts';
import { misnamedCommonJs } from '../misnamed-commonjs.ts';
import { authoringModule, sourceConditions } from '../source-file.ts';
import { CodeText, ENTRY_SOURCE } from './code-text.ts';
import { planNodeImports } from './node-imports.ts';

/** What the bundler made of one export. */
export interface BundledExport {
  readonly text: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Folder that the paths of the source map begin from. */
  readonly folder: string;
  /** Absolute paths of the files that went into it. */
  readonly files: readonly string[];
}

/** Which export of which file to bundle, and how. */
export interface ExportPlace {
  readonly path: string;
  readonly exportName: string;
  readonly style: BundleStyle;
}

/**
 * How names and layout are written: in the shortest form with statements that give functions and classes their
 * names again, or as in the source.
 */
export type BundleStyle = 'short' | 'plain';

/** What stands for `import.meta` in a bundle, whose own place says nothing. */
export const IMPORT_META = '__daggermlImportMeta';

/** What esbuild writes where CommonJS code inside an ES module asks for a built-in module. */
const dynamicRequire = 'Dynamic require of';

/**
 * Bundles one export of a file with everything that it needs. Throws `capture_failed`.
 *
 * @spec DML-EXE-0503
 */
export function bundleExport({ path, exportName, style }: ExportPlace): BundledExport {
  const stdin = {
    contents: statementOf(path, exportName),
    resolveDir: dirname(path),
    sourcefile: ENTRY_SOURCE,
  };
  const result = build({ stdin, outfile: resolve(dirname(path), 'bundle.mjs') }, path, style);
  const missing = missingIn(result);
  if (missing) throw missingExport(path, missing.text);
  return bundled(result, dirname(path), 'bundle');
}

/** The entry points from which `bundleExports` bundles, by the names of their files. */
export function entryFiles(path: string, exportNames: readonly string[]): Record<string, string> {
  return Object.fromEntries(exportNames.map((name, index) => [entryFile(index), statementOf(path, name)]));
}

/**
 * Bundles several exports of one file, each by itself as `bundleExport` does, but reads the sources only once. The
 * bundler links entry points apart from each other as long as it may not split code. Undefined for a CommonJS file,
 * whose entry points get code of their own that depends on where they are. Throws `capture_failed` when one of them
 * cannot be bundled.
 *
 * @param entryFolder where the files of `entryFiles` are
 */
export function bundleExports(
  { path, style }: Omit<ExportPlace, 'exportName'>,
  exportNames: readonly string[],
  entryFolder: string,
): ReadonlyMap<string, BundledExport> | undefined {
  const folder = dirname(path);
  const entryPoints = exportNames.map((_, index) => ({
    in: join(entryFolder, entryFile(index)),
    out: `bundle-${index}`,
  }));
  const result = build({ entryPoints, outdir: folder, outExtension: { '.js': '.mjs' } }, path, style);
  const missing = missingIn(result);
  if (missing) throw missingExport(path, missing.text);
  const entries = entryPoints.map((entry) => relative(folder, entry.in).replaceAll(sep, '/'));
  const hasOwnCode = result.outputFiles.some(
    ({ path: output, contents }) => output.endsWith('.map') && Buffer.from(contents).includes(ENTRY_PREFIX),
  );
  if (hasOwnCode) return undefined;
  return new Map(
    exportNames.map((name, index) => [name, bundled(result, folder, `bundle-${index}`, entries)]),
  );
}

/** Returns the bundler's output as a text that knows where its places come from, with imports as Node has them. */
export function codeOf({ text, sourceMap, folder }: BundledExport): CodeText {
  const [code, map] = [text, sourceMap].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
  const written = CodeText.of(code, map, (source) => resolve(folder, decodeURIComponent(source)));
  return written.edited(planNodeImports(written));
}

/** Whether CommonJS code in a bundle asks for built-in modules, which an ES module has no `require` for. */
export function requiresBuiltins({ text }: CodeText): boolean {
  return text.includes(dynamicRequire);
}

const ENTRY_PREFIX = 'daggerml-captured-export-';

type Built = BuildResult<{ write: false; metafile: true }>;

function statementOf(path: string, exportName: string): string {
  return `export { ${exportName === 'default' ? 'default' : JSON.stringify(exportName)} } from ${JSON.stringify(path)}`;
}

function entryFile(index: number): string {
  return `${ENTRY_PREFIX}${index}.mjs`;
}

function missingIn({ warnings }: Built): { readonly text: string } | undefined {
  return warnings.find((warning) => warning.id === 'import-is-undefined');
}

function bundled(
  { outputFiles, metafile }: Built,
  folder: string,
  outputName: string,
  entries: readonly string[] = [ENTRY_SOURCE],
): BundledExport {
  const [sourceMap = new Uint8Array(), text = new Uint8Array()] = ['.mjs.map', '.mjs'].map(
    (ending) => outputFiles.find((file) => basename(file.path) === `${outputName}${ending}`)?.contents,
  );
  const files = Object.keys(metafile.inputs).filter((name) => !entries.includes(name));
  return { text, sourceMap, folder, files: files.map((name) => resolve(folder, name)) };
}

/**
 * One fixed set of options: whatever is left to the machine or the folder would be part of the code's identity.
 *
 * @spec DML-EXE-0504
 * @spec DML-EXE-0510
 */
function build(entry: BuildOptions, path: string, style: BundleStyle): Built {
  let built: Built;
  try {
    built = buildSync({
      ...bundleOptions,
      ...styles[style],
      ...entry,
      absWorkingDir: dirname(path),
      alias: { '@daggerml/bindings': authoringModule() },
      write: false,
      metafile: true,
    });
  } catch (error) {
    throw bundlingError(error, path);
  }
  const misnamed = misnamedCommonJs(built.warnings, dirname(path));
  // @spec DML-EXE-0536
  if (misnamed) throw captureError('capture_failed', { ...misnamed });
  return built;
}

const bundleOptions = {
  // @spec DML-EXE-0507
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  // @spec DML-EXE-0508
  treeShaking: true,
  legalComments: 'none',
  sourcemap: 'external',
  sourcesContent: false,
  logLevel: 'silent',
  conditions: [...sourceConditions],
  define: { 'import.meta': IMPORT_META },
} satisfies BuildOptions;

const styles: Readonly<Record<BundleStyle, BuildOptions>> = {
  short: { minify: true, keepNames: true },
  plain: { keepNames: true },
};

/**
 * Turns esbuild's messages into one error that names file and line.
 *
 * @spec DML-EXE-0511
 */
function bundlingError(error: unknown, path: string): Error {
  const { errors = [], warnings } = error as Partial<BuildFailure>;
  // What other files miss in one that exports nothing is no more than a consequence.
  const misnamed = misnamedCommonJs(warnings, dirname(path));
  if (misnamed) return captureError('capture_failed', { ...misnamed }, error);
  const first = errors[0];
  if (!first) return captureError('capture_failed', { file: path, reason: String(error) }, error);
  const isMissing = first.text.startsWith('No matching export in') && first.location?.file === ENTRY_SOURCE;
  if (isMissing) return missingExport(path, 'the export does not exist');
  const file = first.location && first.location.file !== ENTRY_SOURCE ? first.location.file : path;
  return captureError('capture_failed', {
    file: resolve(dirname(path), file),
    line: first.location?.line ?? 0,
    reason: first.text.startsWith('No loader is configured for ".node"')
      ? `native modules cannot be captured: ${first.text}`
      : first.text,
  });
}

/** @spec DML-EXE-0512 */
function missingExport(path: string, reason: string): Error {
  return captureError('capture_failed', { file: path, line: 0, reason, exports: exportNames(path) });
}

function exportNames(path: string): string[] {
  const result = buildSync({
    entryPoints: [path],
    format: 'esm',
    bundle: true,
    packages: 'external',
    platform: 'node',
    logLevel: 'silent',
    write: false,
    metafile: true,
    absWorkingDir: dirname(path),
    outdir: dirname(path),
  });
  return Object.values(result.metafile.outputs)
    .flatMap((output) => output.exports)
    .sort();
}
