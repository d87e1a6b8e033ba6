import { readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Outline } from './by-name/outline.ts';
import { positionIn } from './by-name/own-modules.ts';

/** A CommonJS file that its `package.json` makes an ES module. */
export interface MisnamedCommonJs {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

/**
 * Returns where a file is CommonJS although the `type` of the nearest `package.json` says that it is an ES module,
 * which Node does not run either.
 */
export function misnamedCommonJs(outline: Outline): MisnamedCommonJs | undefined {
  const { file, isCommonJs, scopes } = outline;
  if (!isCommonJs || /\.c[jt]s$/.test(file)) return undefined;
  const because = esModulePackage(file);
  if (because === undefined) return undefined;
  const uses = ['module', 'exports'].flatMap((name) => scopes.free.get(name) ?? []);
  const first = Math.min(...uses.map(({ node }) => node.start));
  const instead = basename(file).replace(/\.\w+$/, extname(file).startsWith('.t') ? '.cts' : '.cjs');
  return {
    ...positionIn(outline, Number.isFinite(first) ? first : 0),
    reason: `this is CommonJS, but ${because} says "type": "module"; rename it to ${instead}, or use import and export`,
  };
}

/** Returns the nearest `package.json` above a file if it says that files are ES modules. */
function esModulePackage(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    try {
      return /"type"\s*:\s*"module"/.test(readFileSync(path, 'utf8')) ? path : undefined;
    } catch {
      if (folder === dirname(folder)) return undefined;
    }
  }
}
