import { readFileSync } from 'node:fs';
import { ESM } from '../bundle/module-names.ts';
import { type Outline, outlineOf } from '../by-name/outline.ts';

/** Returns the path under which the bundler reads a file of the author as Node does. */
export function formatPath(path: string): string {
  return outlineAt(path)?.isCommonJs === false ? path + ESM : path;
}

/** Returns the outline of a file of the author; undefined for one that cannot be parsed, which the bundler reports. */
export function outlineAt(path: string): Outline | undefined {
  if (!/\.[cm]?[jt]sx?$/.test(path) || /[\\/]node_modules[\\/]/.test(path)) return undefined;
  try {
    return outlineOf(path, readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
