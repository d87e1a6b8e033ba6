import { fileURLToPath } from 'node:url';

/** A place in the author's code; line and column are counted from 1. */
export interface AuthorPosition {
  /** Absolute path. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const FRAME = /^\s*at (?:async )?(?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:\\).*):(\d+):(\d+)\)?$/;

/** Returns the innermost place of a stack trace that is neither in an installed package nor made at run time. */
export function authorPosition(stack: string): AuthorPosition | undefined {
  for (const text of stack.split('\n')) {
    const [, where, line, column] = FRAME.exec(text) ?? [];
    if (where === undefined || where.includes('<anonymous>')) continue;
    const file = pathIn(where);
    if (!/[\\/]node_modules[\\/]/.test(file)) return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** Returns the path in a frame; some runtimes put the folder of the compiled file before the address of the source. */
function pathIn(where: string): string {
  const [, address] = /file:\/+(.*)$/.exec(where) ?? [];
  return address === undefined ? where : fileURLToPath(`file:///${address}`);
}
