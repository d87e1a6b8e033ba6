// User code may replace any of these later, so that nothing here is looked up again.
const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isExtensible, ownKeys, setPrototypeOf } = Reflect;
const { hasOwn, is } = Object;
const { has: setHas, add: setAdd } = Set.prototype;
const { includes } = Array.prototype;
const { exec } = RegExp.prototype;
const { keyFor } = Symbol;
const { startsWith } = String.prototype;
const objectPrototype: object = Object.prototype;
const DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
] as const;
const activeResources: () => string[] = process.getActiveResourcesInfo.bind(process);
const ownProcess = process;
const builtIn: (specifier: string) => object | undefined = process.getBuiltinModule.bind(process);

type Descriptor = PropertyDescriptor & { readonly value?: unknown };

/** An object that is compared, as it was when its realm was untouched. */
interface Tracked {
  readonly object: object;
  readonly prototype: object | null;
  readonly isExtensible: boolean;
  readonly keys: readonly PropertyKey[];
  readonly descriptors: Descriptor[];
}

/** A difference from the untouched realm; without a key the object differs by its prototype or takes no properties. */
export interface Change {
  readonly object: object;
  readonly key: PropertyKey | undefined;
  readonly before: Descriptor | object | null | undefined;
  readonly after: Descriptor | object | null | undefined;
}

/**
 * The objects that all code of a thread shares: globals, intrinsics, the environment, and members of the built-in
 * modules that its bundles were given.
 *
 * Every method works whatever user code has done to any of them: they use captured functions, and neither iterators nor
 * methods of prototypes. The compared objects and namespaces are walked to their constructors and prototypes; instances
 * of classes, arrays, and the properties of single methods are not.
 */
export class Realm {
  readonly #tracked: Tracked[] = [];
  readonly #seen = new Set<object>();
  readonly #modules = new Set<string>();

  constructor() {
    for (const root of intrinsicsOf()) this.#include(root);
  }

  /** Compares the members of a built-in module as well from now on; called before user code is given it. */
  includeModule(specifier: string): void {
    if (apply(setHas, this.#modules, [specifier]) as boolean) return;
    apply(setAdd, this.#modules, [specifier]);
    const module = builtIn(specifier);
    if (module !== undefined) this.#include(module);
  }

  /** Returns what differs from the untouched realm, undefined when nothing does. Costs some 0.1 ms. */
  changes(): Change[] | undefined {
    let changes: Change[] | undefined;
    const note = (object: object, key: PropertyKey | undefined, before: unknown, after: unknown): void => {
      changes ??= [];
      append(changes, { object, key, before, after } as Change);
    };
    for (let index = 0; index < this.#tracked.length; index++) {
      const tracked = this.#tracked[index] as Tracked;
      const { object, keys, descriptors } = tracked;
      const prototype = getPrototypeOf(object);
      if (prototype !== tracked.prototype || isExtensible(object) !== tracked.isExtensible)
        note(object, undefined, tracked.prototype, prototype);
      let present = keys.length;
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at] as PropertyKey;
        const before = descriptors[at] as Descriptor;
        const after = getOwnPropertyDescriptor(object, key);
        if (after === undefined) present -= 1;
        else if (isSame(before, after)) continue;
        if (after !== undefined && isLoadedLater(object, before, after)) this.#renew(tracked, at, after);
        // @spec DML-EXE-2400
        else note(object, key, before, bare(after));
      }
      const now = ownKeys(object);
      for (let at = 0; at < now.length && now.length !== present; at++) {
        const key = now[at] as PropertyKey;
        if (apply(includes, keys, [key]) as boolean) continue;
        const added = bare(getOwnPropertyDescriptor(object, key)) as Descriptor;
        if (object === globalThis && isOfNode(key)) this.#adopt(tracked, key, added);
        else note(object, key, undefined, added);
      }
    }
    return changes;
  }

  /**
   * Checks whether a call has left something behind that is no property: something that still runs, a status that the
   * process would end with.
   */
  isBusy(): boolean {
    return activeResources().length > 0 || ownProcess.exitCode !== undefined;
  }

  #include(root: object): void {
    const open: unknown[] = [root];
    for (let index = 0; index < open.length; index++) {
      const object = open[index];
      if (!isCompared(object) || (apply(setHas, this.#seen, [object]) as boolean)) continue;
      apply(setAdd, this.#seen, [object]);
      const keys = ownKeys(object);
      const descriptors: Descriptor[] = [];
      const prototype = getPrototypeOf(object);
      append(open, prototype);
      for (let at = 0; at < keys.length; at++) {
        const descriptor = bare(getOwnPropertyDescriptor(object, keys[at] as PropertyKey)) as Descriptor;
        append(descriptors, descriptor);
        const { value } = descriptor;
        if (isNamespace(value)) append(open, value);
      }
      append(this.#tracked, { object, prototype, isExtensible: isExtensible(object), keys, descriptors });
    }
  }

  #adopt({ keys, descriptors }: Tracked, key: PropertyKey, added: Descriptor): void {
    append(keys as PropertyKey[], key);
    append(descriptors, added);
  }

  #renew({ descriptors }: Tracked, at: number, after: Descriptor): void {
    descriptors[at] = bare(after) as Descriptor;
    if (isNamespace(after.value)) this.#include(after.value as object);
  }
}

/**
 * Puts the untouched values back, and returns whether that was possible.
 *
 * A new name stays that code which does not know it cannot notice: what the value of a call still does when it is read,
 * such as a stream, may need it.
 */
export function undo(changes: readonly Change[]): boolean {
  let isWhole = true;
  for (let index = 0; index < changes.length; index++) {
    const { object, key, before } = changes[index] as Change;
    if (key === undefined) isWhole = setPrototypeOf(object, before as object | null) && isWhole;
    else if (before === undefined) {
      if (isNoticed(object, key)) isWhole = deleteProperty(object, key) && isWhole;
    } else if (!defineProperty(object, key, before as Descriptor)) {
      const now = getOwnPropertyDescriptor(object, key);
      isWhole = now !== undefined && hasSameValue(before as Descriptor, now) && isWhole;
    }
  }
  return isWhole;
}

/** Makes changes again that were undone. */
export function redo(changes: readonly Change[]): void {
  for (let index = 0; index < changes.length; index++) {
    const { object, key, after } = changes[index] as Change;
    if (key === undefined) setPrototypeOf(object, after as object | null);
    else if (after === undefined) deleteProperty(object, key);
    else defineProperty(object, key, after as Descriptor);
  }
}

/** Checks whether two comparisons found the same. */
export function areSame(some: readonly Change[] | undefined, others: readonly Change[] | undefined): boolean {
  if (some === undefined || others === undefined) return some === others;
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) {
    const one = some[index] as Change;
    const other = others[index] as Change;
    if (one.object !== other.object || one.key !== other.key) return false;
    if (one.after === other.after) continue;
    if (one.key === undefined || one.after === undefined || other.after === undefined) return false;
    if (!isSame(one.after as Descriptor, other.after as Descriptor)) return false;
  }
  return true;
}

/** Forgets what the last use of a regular expression matched, which `RegExp.$1` shows to all code. */
export function forgetMatches(): void {
  apply(exec, /(?:)/, ['']);
}

/** Returns the name of the first of some changes, for a person. */
export function nameOf(changes: readonly Change[]): string {
  const { object, key } = changes[0] as Change;
  const owner = typeof object === 'function' ? object.name : String(constructorNameOf(object));
  return key === undefined ? `the prototype of ${owner}` : `${owner}.${String(key)}`;
}

function constructorNameOf(object: object): unknown {
  const owner: unknown = getOwnPropertyDescriptor(object, 'constructor')?.value;
  if (typeof owner === 'function') return `${owner.name}.prototype`;
  return object === globalThis ? 'globalThis' : object === ownProcess.env ? 'process.env' : 'an object';
}

/** Checks whether descriptors are the same. A changed `Object.prototype`, itself a difference, adds to them and hides none. */
function isSame(before: Descriptor, after: Descriptor): boolean {
  return (
    hasSameValue(before, after) &&
    before.enumerable === after.enumerable &&
    before.configurable === after.configurable &&
    before.writable === after.writable
  );
}

function hasSameValue(before: Descriptor, after: Descriptor): boolean {
  const isSameData = before.value === after.value || is(before.value, after.value);
  return isSameData && before.get === after.get && before.set === after.set;
}

/**
 * Checks whether Node itself keeps something under a symbol of the global object: the connections of `fetch`, from its
 * first use on, in a property that nobody can delete.
 */
function isOfNode(key: PropertyKey): boolean {
  return key === DISPATCHERS[0] || key === DISPATCHERS[1];
}

/** Checks whether a symbol is of the registry that all code shares, and neither of the language, Node nor this project. */
function isOfPackage(key: symbol): boolean {
  const name = keyFor(key);
  if (name === undefined || (apply(startsWith, name, ['nodejs.']) as boolean)) return false;
  return !(apply(startsWith, name, ['daggerml.']) as boolean);
}

/** Checks whether a global that Node loads when it is first used was used, which puts its value in place. */
function isLoadedLater(object: object, before: Descriptor, after: Descriptor): boolean {
  if (!hasOwn(before, 'get') || before.get === undefined || !hasOwn(after, 'value')) return false;
  try {
    return is(apply(before.get, object, []), after.value);
  } catch {
    return false;
  }
}

/**
 * Checks whether code notices a new property: any of `Object.prototype`, elsewhere one that hides another, an index or a
 * symbol, except for one by which a package finds what is its own.
 */
function isNoticed(object: object, key: PropertyKey): boolean {
  if (object === objectPrototype) return true;
  // @spec DML-EXE-2408
  if (typeof key === 'symbol') return !isOfPackage(key);
  if (typeof key !== 'string' || (key[0] as string) <= '9') return true;
  for (let each = getPrototypeOf(object); each !== null; each = getPrototypeOf(each))
    if (hasOwn(each, key)) return true;
  return false;
}

function isCompared(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Constructors, prototypes and namespaces: what code is reached through, not what it works on. */
function isNamespace(value: unknown): boolean {
  if (typeof value === 'function') return isConstructor(value);
  if (typeof value !== 'object' || value === null) return false;
  const prototype = getPrototypeOf(value);
  return prototype === null || prototype === objectPrototype || hasOwn(value, 'constructor');
}

/** Checks whether a function is a constructor; most others have nothing worth comparing. */
function isConstructor(value: object): boolean {
  const prototype: unknown = getOwnPropertyDescriptor(value, 'prototype')?.value;
  if (typeof prototype !== 'object' || prototype === null) return ownKeys(value).length > 2;
  return ownKeys(prototype).length > 1 || getPrototypeOf(prototype) !== objectPrototype;
}

/** Returns a descriptor that inherits nothing from a changed `Object.prototype`. */
function bare(descriptor: Descriptor | undefined): Descriptor | undefined {
  if (descriptor !== undefined) setPrototypeOf(descriptor, null);
  return descriptor;
}

/** Appends without the setters that `Array.prototype` may have. */
function append<T>(list: T[], item: T): void {
  const own = { __proto__: null, value: item, writable: true, enumerable: true, configurable: true };
  defineProperty(list, list.length, own as PropertyDescriptor);
}

/** Returns every global of this thread, and the intrinsics that no global leads to. */
function intrinsicsOf(): object[] {
  const regExpMatches = 'a'.matchAll(/a/g);
  const unnamed: object[] = [
    (function* () {})(),
    (async function* () {})(),
    async () => {},
    [][Symbol.iterator](),
    new Map().entries(),
    new Set().values(),
    ''[Symbol.iterator](),
    regExpMatches,
  ];
  return [
    globalThis,
    process,
    process.env,
    Buffer,
    performance,
    globalThis.crypto,
    console,
    ...unnamed.map((value) => Object.getPrototypeOf(value) as object),
  ];
}
