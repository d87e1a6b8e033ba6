import { relative, sep } from 'node:path';
import { type AuthorPosition, authorPosition } from '@daggerml/capture';
import { DmlError, isDmlError } from '@daggerml/object-model';

/** Codes of errors about a value that the author's line passed in; other errors carry their own position. */
const BY_THE_LINE: ReadonlySet<string> = new Set([
  'unsupported_value',
  'cyclic_value',
  'reserved_scheme',
  'unreadable_file',
  'foreign_handle',
  'name_taken',
  'reserved_name',
  'invalid_name',
  'unknown_name',
  'ambiguous_prefix',
  'short_prefix',
  'no_commit',
  'wrong_class',
  'dag_closed',
  'invalid_script',
]);

/** A function that the author's code calls; its stack frame and those above it are dropped. */
export type Entry = (...inputs: never[]) => unknown;

/** Stack of a call of an entry, taken before it is known whether an error will need it. */
export class CallSite {
  /** Filled in by the engine; the text is made when it is read. */
  declare readonly stack?: string;

  constructor(entry: Entry) {
    Error.captureStackTrace(this, entry);
  }
}

/** A call of an entry: its stack, and the frames below it to skip. */
interface NotedCall {
  readonly site?: CallSite;
  /** Frames of this package below the entry. */
  readonly between?: number;
}

/**
 * Returns an error that names the line of the author's code which called `entry`: in its message, in its stack and as
 * `file`, `line` and `column`. An error that is not about a value of that line is returned unchanged.
 *
 * Calls that succeed cost nothing: without a `site` the stack is read when the error is created.
 */
export function withLine(error: unknown, entry: Entry, noted: NotedCall = {}): unknown {
  // @spec DML-BND-1404
  const { site = new CallSite(entry), between = 0 } = noted;
  if (!isDmlError(error) || !BY_THE_LINE.has(error.code) || 'file' in error.fields) return error;
  const frames = framesOf(site).slice(between);
  const position = authorPosition(frames.join('\n'));
  if (!position) return error;
  const { code, detail, fields, cause, words } = error;
  const placed = new DmlError({
    code,
    detail,
    // @spec DML-BND-1403
    fields: { ...fields, ...position },
    cause,
    message: words,
    position: shown(position),
  });
  const stack = [`${placed.name}: ${placed.message}`, ...frames].join('\n');
  Object.defineProperty(placed, 'stack', { value: stack, configurable: true, writable: true });
  return placed;
}

/** Returns the frames of a stack; none where the program has replaced the format of stacks. */
function framesOf({ stack }: CallSite): string[] {
  return typeof stack === 'string' ? stack.split('\n').filter((line) => /^\s*at /.test(line)) : [];
}

function shown({ file, line, column }: AuthorPosition): string {
  const path = fromCurrentFolder(file);
  const isBelow = path !== '..' && !path.startsWith(`..${sep}`);
  return `${isBelow ? path : file}:${line}:${column}`;
}

function fromCurrentFolder(file: string): string {
  try {
    return relative(process.cwd(), file);
  } catch {
    // The folder may be gone.
    return file;
  }
}
