import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const runsFromSources = import.meta.url.endsWith('.ts');

/** Conditions by which Node finds modules in packages, apart from those of every platform. */
export const nodeConditions: readonly string[] = [
  ...(runsFromSources ? ['@daggerml/source'] : []),
  'module-sync',
];

/** Conditions that resolve this package's own imports: to the sources of its siblings when it runs from sources. */
const sourceConditions: readonly string[] = runsFromSources ? ['@daggerml/source', 'module'] : ['module'];

/**
 * Returns the path of the self-contained module that pipelines and captured functions get for `@daggerml/bindings`. It is
 * part of what is captured, so that it comes from this package also where this code was put into another file.
 */
export function authoringModule(): string {
  return runsFromSources
    ? fileURLToPath(new URL('./authoring/authoring-main.ts', import.meta.url))
    : createRequire(import.meta.url).resolve('@daggerml/capture/authoring');
}

/** Returns the paths of the modules of this program, which may be in one folder with code of other packages. */
export function programFiles(): readonly string[] {
  const names = readdirSync(programFolder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /(?<!\.d)\.[cm]?[jt]s$/.test(name)).map((name) => join(programFolder, name));
}

const programFolder: string = fileURLToPath(new URL('.', import.meta.url));

/**
 * Returns what decides captures of this process besides the files: other programs and other settings of Node do not
 * share what is remembered.
 */
export function captureSettings(): string {
  const { version, platform, arch, execArgv, env } = process;
  const variables = [env.NODE_OPTIONS, env.NODE_PATH, env.ESBUILD_BINARY_PATH];
  return JSON.stringify([programFolder, nodeConditions, version, platform, arch, execArgv, variables]);
}

/** Returns what loads the packages that this one depends on, also where this code was put into another file. */
export function packageRequire(): NodeJS.Require {
  ownRequire ??= createRequire(runsFromSources ? import.meta.url : authoringModule());
  return ownRequire;
}

let ownRequire: NodeJS.Require | undefined;

/** Returns the path of the main module of the capturing thread, or its code where this package runs from sources. */
export function captureThread(): { readonly code: string; readonly isSource: boolean } {
  const path = fileURLToPath(new URL('./bundle/capture-main.js', import.meta.url));
  if (existsSync(path)) return { code: path, isSource: false };
  const here = JSON.stringify(import.meta.url);
  const source = fileURLToPath(new URL('./bundle/capture-main.ts', import.meta.url));
  const code = threadCode(source, {
    format: 'cjs',
    external: LIBRARIES,
    define: { 'import.meta.url': here },
  });
  const isSource = true;
  return { code: `(function(require){${code}})(require('node:module').createRequire(${here}))`, isSource };
}

const LIBRARIES = ['esbuild', 'oxc-minify', 'oxc-parser', '@jridgewell/trace-mapping'];

/** Returns the code of a thread's main module with its imports, for packages that run from their sources. */
export function threadCode(
  source: string,
  options: { format: 'cjs' | 'iife'; external?: string[]; define?: Record<string, string> },
): string {
  const { buildSync } = packageRequire()('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    ...options,
    entryPoints: [source],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    conditions: [...sourceConditions],
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
