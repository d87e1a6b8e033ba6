import { isAbsolute, relative } from 'node:path';
import { authorPosition } from '@daggerml/capture';
import type { DmlError } from '@daggerml/object-model';

/**
 * Returns `file:line` or `file:line:column` of the author's code that an error came from, or its file alone,
 * relative to the current folder when it is below it; empty when it is not known.
 */
export function sourcePosition({ fields, cause, position }: DmlError, cwd: string | undefined): string {
  const { file, line, column } = fields;
  if (typeof file === 'string' && typeof line === 'number' && line > 0) {
    // @spec DML-CLI-1208
    const at = typeof column === 'number' ? `${line}:${column}` : line;
    return `${shortPath(file, cwd)}:${at}`;
  }
  const found = cause instanceof Error ? authorPosition(cause.stack ?? '') : undefined;
  // @spec DML-CLI-1204
  if (found !== undefined) return `${shortPath(found.file, cwd)}:${found.line}`;
  return position === undefined || typeof file !== 'string' ? '' : shortPath(file, cwd);
}

/** Returns a path relative to the current folder when it is below it. */
export function shortPath(file: string, cwd: string | undefined): string {
  if (cwd === undefined) return file;
  const path = relative(cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
