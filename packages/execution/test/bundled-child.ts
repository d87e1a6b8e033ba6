import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/**
 * Returns the text of a program of this package in one module, for tests that start it hundreds of times: to load the
 * modules one by one takes longer than all that it does. Packages of others are imported by their addresses.
 */
export async function bundledChild(text: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: join(import.meta.dirname, '..') },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    plugins: [{ name: 'packages-of-others', setup }],
  });
  return outputFiles[0]?.text ?? '';
}

function setup({ onResolve }: Parameters<import('esbuild').Plugin['setup']>[0]): void {
  onResolve({ filter: /^[^./#]/ }, ({ path, importer }) => {
    if (path.startsWith('@daggerml/')) return undefined;
    if (isBuiltin(path)) return { path, external: true };
    return { path: pathToFileURL(createRequire(importer).resolve(path)).href, external: true };
  });
}
