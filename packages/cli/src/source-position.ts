import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DmlError } from '@daggerml/object-model';

const FRAME = /(?:\(|\s)((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/;

/**
 * Yields `file:line` of the author's code that an error came from, relative to the current folder when it is
 * below it; empty when it is not known.
 *
 * @spec DML-CLI-1204
 */
export function sourcePosition({ fields, cause }: DmlError, cwd: string): string {
  if (typeof fields.file === 'string' && typeof fields.line === 'number' && fields.line > 0) {
    return `${shortPath(fields.file, cwd)}:${fields.line}`;
  }
  const frame = cause instanceof Error ? authorFrame(cause.stack ?? '') : undefined;
  return frame === undefined ? '' : `${shortPath(frame.file, cwd)}:${frame.line}`;
}

function authorFrame(stack: string): { readonly file: string; readonly line: string } | undefined {
  for (const line of stack.split('\n')) {
    const [, where, number] = FRAME.exec(line) ?? [];
    if (!line.trimStart().startsWith('at ') || where === undefined || number === undefined) continue;
    const file = pathIn(where);
    // The author's code is neither a package nor dml itself.
    if (!/[\\/]node_modules[\\/]/.test(file)) return { file, line: number };
  }
  return undefined;
}

/** The path in a frame; some runtimes put the folder of the compiled file before the address of the source. */
function pathIn(where: string): string {
  const [, address] = /file:\/+(.*)$/.exec(where) ?? [];
  return address === undefined ? where : fileURLToPath(`file:///${address}`);
}

/** A path relative to the current folder when it is below it. */
export function shortPath(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path;
}
