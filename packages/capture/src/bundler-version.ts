import { version } from 'esbuild';
import { packageRequire } from './source-file.ts';

/** Returns the tools that shape bundles, with their versions; another version may shape the same code differently. */
export function bundlerVersion(): string {
  const { version: renaming } = packageRequire()('oxc-minify/package') as { readonly version: string };
  return `esbuild ${version}, oxc-minify ${renaming}`;
}
