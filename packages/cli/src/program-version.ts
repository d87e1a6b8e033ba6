import { existsSync, readFileSync } from 'node:fs';

/** Yields the version in this package's own package.json. */
export function programVersion(): string {
  let manifest = new URL('../package.json', import.meta.url);
  // The published program lies one folder deeper than the compiled modules.
  if (!existsSync(manifest)) manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
