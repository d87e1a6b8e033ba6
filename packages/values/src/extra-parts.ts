import { inspect } from 'node:util';
import { classNameOf, type Finding, unsupported } from './refusal.ts';

/** Longer arrays are asked in another way: listing their keys makes a text of every index. */
const MAX_LISTED = 1000;

/**
 * Throws `unsupported_value` for a collection that holds more than its elements: a property that is no element, also a
 * hidden one, or a class of its own.
 *
 * @spec DML-VAL-0301
 */
export function refuseExtraParts(value: Collected, path: string): void {
  const kind = kindOf(value);
  if (!isBuiltIn(value, kind)) {
    const name = classNameOf(value);
    const found = `an instance of ${name === '' ? 'a class' : `the class ${name}`}, which extends ${kind}`;
    throw unsupported(path, { found, instead: COPIES[kind] });
  }
  const key = extraKey(value, kind);
  if (key !== undefined) throw unsupported(path, extraPart(value, kind, key));
}

/** Throws `unsupported_value` for bytes with a property. */
export function refuseExtraBytesParts(value: Uint8Array, path: string): void {
  if (value.length <= MAX_LISTED ? Reflect.ownKeys(value).length === value.length : looksBare(value)) return;
  throw unsupported(path, {
    found: 'bytes with properties of their own',
    instead: 'use a copy of the bytes: new Uint8Array(value), and return the other parts by name',
  });
}

/** Checks whether long bytes show nothing that a view of them does not. */
function looksBare(value: Uint8Array): boolean {
  const view = Reflect.apply(Uint8Array.prototype.subarray, value, []);
  return inspect(value, BARE) === inspect(view, BARE);
}

export type Collected = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;
type Kind = 'Array' | 'Set' | 'Map';

const COPIES: Readonly<Record<Kind, string>> = {
  Array: 'use a copy of its elements: [...value], and return its other parts by name',
  Set: 'use a copy of its elements: new Set(value), and return its other parts by name',
  Map: 'use a copy of its entries: new Map(value), and return its other parts by name',
};

function kindOf(value: Collected): Kind {
  if (Array.isArray(value)) return 'Array';
  return value instanceof Set ? 'Set' : 'Map';
}

/** Checks whether the prototype is the language's own, of this realm or another one. */
function isBuiltIn(value: object, kind: Kind): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === globalThis[kind].prototype) return true;
  if (prototype === null || !Object.hasOwn(prototype, METHODS[kind])) return false;
  const above: object | null = Object.getPrototypeOf(prototype);
  return above !== null && Object.hasOwn(above, 'isPrototypeOf') && Object.getPrototypeOf(above) === null;
}

/** A method that no subclass has by accident. */
const METHODS: Readonly<Record<Kind, string>> = {
  Array: 'copyWithin',
  Set: 'isPrototypeOf',
  Map: 'isPrototypeOf',
};

/** Returns the first own key that is no element; undefined when there is none. */
function extraKey(value: Collected, kind: Kind): PropertyKey | undefined {
  if (kind !== 'Array') return Reflect.ownKeys(value)[0];
  const { length } = value as readonly unknown[];
  if (length > MAX_LISTED && inspect(value, BARE) === `[ ... ${length} more items, [length]: ${length} ]`)
    return undefined;
  const keys = Reflect.ownKeys(value);
  return keys.length <= length + 1 ? undefined : keys.find((key) => key !== 'length' && !isIndex(key));
}

/** Elements apart, what `inspect` shows of an array. */
const BARE = {
  maxArrayLength: 0,
  showHidden: true,
  depth: 0,
  breakLength: Number.POSITIVE_INFINITY,
} as const;

function isIndex(key: PropertyKey): boolean {
  return typeof key === 'string' && /^\d+$/.test(key);
}

function extraPart(value: Collected, kind: Kind, key: PropertyKey): Finding {
  const article = kind === 'Array' ? 'an' : 'a';
  const name =
    typeof key === 'symbol' ? String(key) : JSON.stringify(String(key).slice(0, 80).toWellFormed());
  if (kind === 'Array' && key === 'index' && 'groups' in value)
    return { found: 'a match of a regular expression', instead: 'use { text: match[0], ...match.groups }' };
  return { found: `${article} ${kind} with the property ${name}`, instead: COPIES[kind] };
}
