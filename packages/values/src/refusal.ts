import { valuesError } from './errors.ts';

/** Reason of a refusal: the thing found in place of a value, and what to write instead. */
export interface Finding {
  readonly found: string;
  readonly instead: string;
}

/**
 * @spec DML-BND-0702
 * @spec DML-BND-0703
 */
export function unsupported(path: string, { found, instead }: Finding, cause?: unknown): Error {
  return valuesError('unsupported_value', { path: shownPath(path), found, instead }, cause);
}

/** Refuses a collection that is inside of itself; `outer` is the path at which it was entered. */
export function cyclicValue(path: string, outer: string): Error {
  return valuesError('cyclic_value', {
    path: shownPath(path),
    found: `a reference back to ${shownPath(outer)}`,
    instead: 'store a value without cycles, for example names in place of references',
  });
}

/** Returns the path as a refusal shows it. */
export function shownPath(path: string): string {
  return path === '' ? 'the value' : path;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;
const MAX_SHOWN_KEY = 80;

/** Returns the path of an entry of a map. */
export function keyPath(path: string, key: string): string {
  if (!PLAIN_KEY.test(key) || key.length > MAX_SHOWN_KEY) {
    const shown = key.length > MAX_SHOWN_KEY ? `${key.slice(0, MAX_SHOWN_KEY)}…` : key;
    return `${path}[${JSON.stringify(shown.toWellFormed())}]`;
  }
  return path === '' ? key : `${path}.${key}`;
}

/** Returns the refusal of a missing value, by its place. */
export function missing(path: string): Finding {
  if (path === 'result')
    return { found: 'undefined', instead: 'return null where the function has nothing to return' };
  if (path === 'root') return { found: 'undefined', instead: 'return a handle, a value or null' };
  if (path.endsWith(']') || path.endsWith('}') || path === '')
    return { found: 'undefined', instead: 'use null' };
  return { found: 'undefined', instead: 'leave it out or use null' };
}

/** Returns the refusal of a value without a datum form. */
export function describe(value: unknown): Finding {
  if (value === null || value === undefined) return { found: String(value), instead: 'use a string' };
  switch (typeof value) {
    case 'object':
      return describeObject(value);
    case 'function':
      return {
        found: value.name === '' ? 'a function' : `the function ${shownName(value.name)}`,
        instead: 'pass what it returns (functions run as steps through dag.call)',
      };
    case 'symbol':
      return { found: 'a symbol', instead: 'use its text' };
    default:
      return { found: `a ${typeof value}`, instead: 'use a string' };
  }
}

type Constructor = abstract new (...inputs: never[]) => object;

const KNOWN: readonly (readonly [Constructor, string, string])[] = [
  [Promise, 'a promise', 'await it first'],
  [Date, 'a Date', 'use its ISO string or its milliseconds'],
  [URL, 'a URL', 'use Uri.fromString(url.href) or its text'],
  [RegExp, 'a RegExp', 'use its source as text'],
  [Error, 'an error', 'throw it, or use its message'],
  [ArrayBuffer, 'an ArrayBuffer', 'use new Uint8Array(buffer)'],
  [SharedArrayBuffer, 'a SharedArrayBuffer', 'use new Uint8Array(buffer).slice()'],
];

const COPY_FIELDS = 'use a plain object with its fields, for example { ...value }';

function describeObject(value: object): Finding {
  for (const [type, found, instead] of KNOWN) if (value instanceof type) return { found, instead };
  const name = classNameOf(value);
  if (value instanceof DataView) {
    const instead = 'use new Uint8Array(value.buffer, value.byteOffset, value.byteLength)';
    return { found: 'a DataView', instead };
  }
  if (ArrayBuffer.isView(value)) {
    return { found: `a ${name}`, instead: 'use Array.from(value), or its bytes as a Uint8Array' };
  }
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return { found: `a ${name} object`, instead: 'use value.valueOf()' };
  }
  if (name === 'NodeHandle' || name === 'ExecutionHandle') {
    return {
      found: 'a handle of another copy of @daggerml/bindings',
      instead: 'install the package once, so that the pipeline and its libraries share it',
    };
  }
  if (Symbol.iterator in value)
    return { found: `an iterable ${name || 'object'}`, instead: 'use an array: [...value]' };
  if (Symbol.asyncIterator in value) {
    return {
      found: `an asynchronous iterable ${name || 'object'}`,
      instead: 'collect it into an array, or use blob(stream)',
    };
  }
  return name === ''
    ? { found: 'an object with a prototype of its own', instead: COPY_FIELDS }
    : { found: `an instance of the class ${name}`, instead: COPY_FIELDS };
}

/** Returns the name of an object's class as a refusal shows it; empty when it has none, or one that was shortened. */
export function classNameOf(value: object): string {
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  // Captured code has names of one or two letters.
  return typeof name === 'string' && name.length > 2 ? shownName(name) : '';
}

function shownName(name: string): string {
  return name.slice(0, MAX_SHOWN_KEY).toWellFormed();
}
