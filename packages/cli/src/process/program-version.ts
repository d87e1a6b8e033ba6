import { readFileSync } from 'node:fs';

/** Returns the version in this package's own package.json, which lies as deep below as in the published program. */
export function programVersion(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
