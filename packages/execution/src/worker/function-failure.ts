import { BUNDLE_FILE, BUNDLE_URL } from '@daggerml/capture/bundle-place';
import { isDmlError } from '@daggerml/object-model';
import { MAX_NAME_CHARACTERS } from '../adapters/executable/protocol.ts';
import type { FunctionFailure } from './wire.ts';

const MAX_MESSAGE_CHARACTERS = 4096;
const MAX_TRACE_LINES = 20;
/** Frames that a thread notes: what a library does may take many. */
export const MAX_FRAMES = 50;
const MAX_LINE_CHARACTERS = 512;
/** The frames stand at the end of a stack, behind a message of any length. */
const MAX_STACK_CHARACTERS = 64 * 1024;

/** Describes what a function threw, so that the same failure reads the same on every machine. */
export function failureOf(thrown: unknown): FunctionFailure {
  try {
    // @spec DML-EXE-0902
    const known =
      isDmlError(thrown, 'unsupported_value') || isDmlError(thrown, 'cyclic_value')
        ? thrown.code
        : 'function_threw';
    return {
      code: known,
      message: messageOf(thrown),
      trace: traceOf(thrown),
    };
  } catch {
    // A value whose properties throw when they are read.
    // @spec DML-EXE-0916
    return { code: 'function_threw', message: UNSHOWABLE, trace: [] };
  }
}

/** Describes a function that waits when nothing is left that could wake it. */
export function neverSettled(): FunctionFailure {
  return { code: 'never_settled', message: 'the function waits for something that never happens', trace: [] };
}

/** Describes a function that asked for the end of its process; `error` was made where it did. */
export function exited(error: Error): FunctionFailure {
  return { code: 'function_exited', message: error.message, trace: traceOf(error) };
}

const OVERFLOW = 'Maximum call stack size exceeded';

/** Checks whether the stack was too small, whose size belongs to the thread and to the version of Node. */
export function isStackOverflow(thrown: unknown): boolean {
  try {
    return thrown instanceof RangeError && thrown.message === OVERFLOW;
  } catch {
    return false;
  }
}

const UNSHOWABLE = 'thrown: a value that cannot be shown';

/** Returns the message of what was thrown, with its causes, as it reads on every machine. */
export function messageOf(thrown: unknown): string {
  let text: string;
  try {
    text = refusalOf(thrown) ?? causesOf(thrown).join(CAUSED_BY);
  } catch {
    text = UNSHOWABLE;
  }
  // @spec DML-EXE-0914
  return withoutPlace(text.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed());
}

/** Separator of a thrown error and its cause. */
export const CAUSED_BY = '; caused by: ';

const THROWN = /^([A-Za-z_$][\w$]*): /;

/** Creates an error of the name and message that the text of one thrown error has. */
export function namedError(text: string, options?: ErrorOptions): Error {
  const name = THROWN.exec(text)?.[1];
  if (name === undefined) return new Error(text, options);
  const error = new Error(text.slice(name.length + 2), options);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  return error;
}

const MAX_CAUSES = 5;

/** Returns the texts of what was thrown and of its causes. */
function causesOf(thrown: unknown): string[] {
  const texts: string[] = [];
  const open: unknown[] = [thrown];
  for (let each = open.shift(); each !== undefined && texts.length <= MAX_CAUSES; each = open.shift()) {
    if (!(each instanceof Error)) {
      texts.push(`thrown: ${textOf(each)}`);
      continue;
    }
    texts.push(`${each.name}: ${each.message}`);
    if (each instanceof AggregateError) open.push(...each.errors.slice(0, MAX_CAUSES));
    // @spec DML-BND-0509
    open.push(each.cause);
  }
  return texts.length === 0 ? [`thrown: ${textOf(thrown)}`] : texts;
}

const MAX_NAMES = 32;

/** Lists the names and codes of what was thrown and of its causes; nothing where they cannot be read. */
export function thrownNames(thrown: unknown): readonly string[] {
  try {
    const names = new Set<string>();
    const open: unknown[] = [thrown];
    for (let each = open.shift(); each !== undefined && names.size < MAX_NAMES; each = open.shift()) {
      if (typeof each !== 'object' || each === null) continue;
      // Not of the class, which has another name in the bundle.
      const { name, code, cause } = each as Partial<Record<'name' | 'code' | 'cause', unknown>>;
      for (const text of [name, code]) {
        if (typeof text === 'string' && text !== '') names.add(text.slice(0, MAX_NAME_CHARACTERS));
      }
      if (each instanceof AggregateError) open.push(...each.errors.slice(0, MAX_CAUSES));
      open.push(cause);
    }
    return [...names];
  } catch {
    return [];
  }
}

/**
 * Returns the text of a thrown object; one without a text of its own is shown by its content.
 *
 * @spec DML-EXE-0925
 */
function textOf(thrown: unknown): string {
  const text = String(thrown);
  if (text !== '[object Object]') return text;
  try {
    return JSON.stringify(thrown) ?? text;
  } catch {
    return text;
  }
}

/** Returns what lowering refused, and where in the returned value. */
function refusalOf(thrown: unknown): string | undefined {
  if (!isDmlError(thrown) || typeof thrown.fields.path !== 'string') return undefined;
  const { path, found, instead } = thrown.fields;
  if (found === undefined) return thrown.message;
  return `${path} is ${String(found)}${instead === undefined ? '' : `; ${String(instead)}`}`;
}

/** Returns only the lines inside the bundle: the rest belongs to the machine and to the version of Node. */
export function traceOf(thrown: unknown): string[] {
  const stack = thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : '';
  return stack
    .slice(-MAX_STACK_CHARACTERS)
    .split('\n')
    .filter((line) => line.includes(BUNDLE_URL))
    .slice(0, MAX_FRAMES)
    .map((line) => withoutPlace(line.trim()).slice(0, MAX_LINE_CHARACTERS).toWellFormed());
}

/**
 * Shortens a trace in its middle: where it failed and what the author's code called tell more.
 *
 * @spec DML-EXE-0915
 */
export function shortened(trace: readonly string[]): readonly string[] {
  const lines = trace.map((line) => line.slice(0, MAX_LINE_CHARACTERS).toWellFormed());
  if (lines.length <= MAX_TRACE_LINES) return lines;
  return [...lines.slice(0, MAX_TRACE_LINES / 2), ...lines.slice(-MAX_TRACE_LINES / 2)];
}

function withoutPlace(text: string): string {
  // @spec DML-EXE-0905
  return text.replaceAll(BUNDLE_URL, 'bundle').replaceAll(BUNDLE_FILE, 'bundle');
}
