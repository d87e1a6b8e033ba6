import { packageRequire } from './source-file.ts';

/** Returns the tools that shape bundles, with their versions; another version may shape the same code differently. */
export function bundlerVersion(): string {
  return `esbuild ${versionOf('esbuild/package.json')}, oxc-minify ${versionOf('oxc-minify/package')}`;
}

function versionOf(manifest: string): string {
  return (packageRequire()(manifest) as { readonly version: string }).version;
}
