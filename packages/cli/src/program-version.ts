import { readFileSync } from 'node:fs';

/** Yields the version in this package's own package.json. */
export function programVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
