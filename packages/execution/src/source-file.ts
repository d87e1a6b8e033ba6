import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Returns the path of a module of this package: compiled when it is built, TypeScript when run from sources. */
export function ownModule(name: string): string {
  const compiled = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  return existsSync(compiled) ? compiled : fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}
