import { basename, extname, resolve } from 'node:path';
import type { Message } from 'esbuild';

/** A CommonJS file that its `package.json` makes an ES module. */
export interface MisnamedCommonJs {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/**
 * Returns the first of the author's files in which the bundler met CommonJS code although the `type` of a
 * `package.json` says that it is an ES module. Node does not run it either. The bundler says nothing about libraries.
 *
 * @param folder what the paths of the messages start from
 */
export function misnamedCommonJs(
  warnings: readonly Message[] = [],
  folder: string,
): MisnamedCommonJs | undefined {
  for (const { id, location, notes } of warnings) {
    if (id !== 'commonjs-variable-in-esm' || !location) continue;
    const because = notes.find((note) => note.location && basename(note.location.file) === 'package.json');
    if (!because?.location) continue;
    const file = resolve(folder, location.file);
    const instead = basename(file).replace(/\.\w+$/, extname(file).startsWith('.t') ? '.cts' : '.cjs');
    return {
      file,
      line: location.line,
      reason: `this is CommonJS, but ${resolve(folder, because.location.file)} says "type": "module"; rename it to ${instead}, or use import and export`,
    };
  }
  return undefined;
}
