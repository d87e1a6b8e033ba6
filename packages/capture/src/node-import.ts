import { readFileSync } from 'node:fs';
import { outlineOf } from './by-name/outline.ts';

/** Ending of the path of a module that gives CommonJS code to `import()` as Node does. */
const ENDING = '.daggerml-node.mts';

export const NODE_IMPORT: RegExp = /\.daggerml-node\.mts$/;

/** Returns the path of the module that stands between `import()` in a CommonJS file and CommonJS code. */
export function nodeImportPath(path: string): string {
  return path + ENDING;
}

/** Returns the text of that module: the bundler asks for `__esModule` in CommonJS files, where Node does not. */
export function nodeImportText(specifier: string): string {
  const from = JSON.stringify(specifier);
  return `import all from ${from}; export * from ${from}; export default all;`;
}

/** Checks whether Node takes a file for CommonJS, as far as its text shows it. */
export function isCommonJsFile(path: string): boolean {
  if (/\.(c[jt]s|json)$/.test(path)) return true;
  if (!/\.[jt]sx?$/.test(path)) return false;
  try {
    const { body } = outlineOf(path, readFileSync(path, 'utf8')).program;
    return !body.some(({ type }) => /^(Import|Export)/.test(type));
  } catch {
    return false;
  }
}
