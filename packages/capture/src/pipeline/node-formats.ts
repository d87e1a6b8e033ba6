import { readFileSync } from 'node:fs';
import { type Outline, outlineOf } from '../by-name/outline.ts';

/** Ending of the path of an author's ES module in the bundler, whose imports mean what they mean in Node. */
const ESM = '.daggerml.mts';

/** Returns the path under which the bundler reads a file of the author as Node does. */
export function formatPath(path: string): string {
  return outlineAt(path)?.isCommonJs === false ? path + ESM : path;
}

export function formatSource(path: string): string {
  return path.endsWith(ESM) ? path.slice(0, -ESM.length) : path;
}

/** Returns the outline of a file of the author; undefined for one that cannot be parsed, of which the bundler tells. */
export function outlineAt(path: string): Outline | undefined {
  if (!/\.[cm]?[jt]sx?$/.test(path) || /[\\/]node_modules[\\/]/.test(path)) return undefined;
  try {
    return outlineOf(path, readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
