import { dirname, resolve } from 'node:path';
import { type BuildFailure, type BuildOptions, type BuildResult, buildSync } from 'esbuild';
import { executionError } from '../errors.ts';
import { authoringModule, sourceConditions } from '../source-file.ts';
import { CodeText } from './code-text.ts';

/** What the bundler made of one export. */
export interface BundledExport {
  readonly code: CodeText;
  /** Absolute paths of the files that went into it. */
  readonly files: readonly string[];
  /** Whether CommonJS code in it asks for built-in modules, which an ES module has no `require` for. */
  readonly requiresBuiltins: boolean;
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
export function bundleExport(path: string, exportName: string, style: BundleStyle): BundledExport {
  const folder = dirname(path);
  const statement = `export { ${exportName === 'default' ? 'default' : JSON.stringify(exportName)} } from ${JSON.stringify(path)}`;
  const result = build(statement, path, style);
  const missing = result.warnings.find((warning) => warning.id === 'import-is-undefined');
  if (missing) throw missingExport(path, missing.text);
  const [map = '', text = ''] = ['.map', '.mjs'].map(
    (ending) => result.outputFiles.find((file) => file.path.endsWith(ending))?.text,
  );
  return {
    code: CodeText.of(text, map, (source) => resolve(folder, source)),
    files: Object.keys(result.metafile.inputs)
      .filter((name) => name !== '<stdin>')
      .map((name) => resolve(folder, name)),
    requiresBuiltins: text.includes(dynamicRequire),
  };
}

/**
 * One fixed set of options: whatever is left to the machine or the folder would be part of the code's identity.
 *
 * @spec DML-EXE-0504
 * @spec DML-EXE-0510
 */
function build(
  contents: string,
  path: string,
  style: BundleStyle,
): BuildResult<{ write: false; metafile: true }> {
  const folder = dirname(path);
  try {
    return buildSync({
      ...bundleOptions,
      ...styles[style],
      stdin: { contents, resolveDir: folder, sourcefile: '<stdin>' },
      // @spec DML-EXE-0509
      absWorkingDir: folder,
      outfile: resolve(folder, 'bundle.mjs'),
      alias: { '@daggerml/bindings': authoringModule() },
      write: false,
      metafile: true,
    });
  } catch (error) {
    throw bundlingError(error, path);
  }
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
  const messages = (error as Partial<BuildFailure>).errors ?? [];
  const first = messages[0];
  if (!first) return executionError('capture_failed', { file: path, reason: String(error) }, error);
  const isMissing = first.text.startsWith('No matching export in') && first.location?.file === '<stdin>';
  if (isMissing) return missingExport(path, 'the export does not exist');
  const file = first.location && first.location.file !== '<stdin>' ? first.location.file : path;
  return executionError('capture_failed', {
    file: resolve(dirname(path), file),
    line: first.location?.line ?? 0,
    reason: first.text.startsWith('No loader is configured for ".node"')
      ? `native modules cannot be captured: ${first.text}`
      : first.text,
  });
}

/** @spec DML-EXE-0512 */
function missingExport(path: string, reason: string): Error {
  return executionError('capture_failed', { file: path, line: 0, reason, exports: exportNames(path) });
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
