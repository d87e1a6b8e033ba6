import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const NAMES = ['package.json', 'tsconfig.json'];
const EXTENDS = /"extends"\s*:\s*(?:"([^"]*)"|\[([^\]]*)\])/;

/**
 * Lists the files that decide how a bundler reads others: every `package.json` and `tsconfig.json` beside and above
 * them, whether it is there or not, and the local files that such a `tsconfig.json` extends.
 */
export function configFilesOf(files: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const file of files) {
    for (let folder = dirname(file); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  const found = new Set<string>();
  for (const folder of folders) for (const name of NAMES) found.add(join(folder, name));
  // What is added on the way is visited too.
  for (const file of found) {
    if (!file.endsWith('package.json')) for (const base of basesOf(file)) found.add(base);
  }
  return found;
}

/** Returns the local files that a `tsconfig.json` extends; those of packages change with their versions only. */
function basesOf(file: string): string[] {
  const [, one, several = ''] = EXTENDS.exec(textOf(file)) ?? [];
  const named =
    one === undefined ? Array.from(several.matchAll(/"([^"]*)"/g), ([, name = '']) => name) : [one];
  return named
    .filter((name) => /^\.{0,2}\//.test(name) || /^\.\.?$/.test(name))
    .map((name) => resolve(dirname(file), name))
    .flatMap((path) => (path.endsWith('.json') ? [path] : [`${path}.json`, join(path, 'tsconfig.json')]));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
