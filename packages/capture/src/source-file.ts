import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const runsFromSources = import.meta.url.endsWith('.ts');

/** Conditions by which Node finds modules in packages, apart from those of every platform. */
export const nodeConditions: readonly string[] = [
  ...(runsFromSources ? ['@daggerml/source'] : []),
  'module-sync',
];

/** Conditions that resolve this package's own imports: to the sources of its siblings when it runs from sources. */
export const sourceConditions: readonly string[] = runsFromSources
  ? ['@daggerml/source', 'module']
  : ['module'];

/**
 * Returns the path of the self-contained module that pipelines and captured functions get for `@daggerml/bindings`. It is
 * part of what is captured, so that it comes from this package also where this code was put into another file.
 */
export function authoringModule(): string {
  return runsFromSources
    ? fileURLToPath(new URL('./authoring/authoring-main.ts', import.meta.url))
    : createRequire(import.meta.url).resolve('@daggerml/capture/authoring');
}

/** Returns what loads the packages that this one depends on, also where this code was put into another file. */
export function packageRequire(): NodeJS.Require {
  return createRequire(runsFromSources ? import.meta.url : authoringModule());
}

/** Returns the path of the main module of the capturing thread, or its code where this package runs from sources. */
export function captureThread(): { readonly code: string; readonly isSource: boolean } {
  const path = fileURLToPath(new URL('./bundle/capture-main.js', import.meta.url));
  return existsSync(path) ? { code: path, isSource: false } : { code: compiledThread(), isSource: true };
}

const LIBRARIES = ['esbuild', 'oxc-minify', 'oxc-parser', '@jridgewell/trace-mapping'];

function compiledThread(): string {
  const { buildSync } = packageRequire()('esbuild') as typeof import('esbuild');
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('./bundle/capture-main.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: [...sourceConditions],
    external: LIBRARIES,
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    logLevel: 'silent',
  });
  const here = JSON.stringify(import.meta.url);
  return `(function(require){${outputFiles[0]?.text ?? ''}})(require('node:module').createRequire(${here}))`;
}
