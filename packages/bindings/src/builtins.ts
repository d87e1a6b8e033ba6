import type { NodeHandle } from './node-handle.ts';
import type { Input } from './values.ts';

/** Applies a builtin; what a dag gives to the groups below. */
export type ApplyBuiltin = (uri: string, inputs: readonly unknown[]) => NodeHandle;

/** Builtins on lists. Indexes count from 0. */
export class ListBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The item at the index, else the default, else a failure. */
  get<T>(list: Input<readonly T[]>, index: Input<number>, ...orElse: [] | [Input<T>]): NodeHandle<T> {
    return this.#apply('dml://list/get', [list, index, ...orElse]) as NodeHandle<T>;
  }

  /** The list with the item inserted before the index. */
  add<T>(list: Input<readonly T[]>, index: Input<number>, item: Input<T>): NodeHandle<readonly T[]> {
    return this.#apply('dml://list/add', [list, index, item]) as NodeHandle<readonly T[]>;
  }

  prepend<T>(list: Input<readonly T[]>, item: Input<T>): NodeHandle<readonly T[]> {
    return this.#apply('dml://list/prepend', [list, item]) as NodeHandle<readonly T[]>;
  }

  append<T>(list: Input<readonly T[]>, item: Input<T>): NodeHandle<readonly T[]> {
    return this.#apply('dml://list/append', [list, item]) as NodeHandle<readonly T[]>;
  }

  remove<T>(list: Input<readonly T[]>, index: Input<number>): NodeHandle<readonly T[]> {
    return this.#apply('dml://list/remove', [list, index]) as NodeHandle<readonly T[]>;
  }

  /** The items of the first list, then those of the second. */
  union<T>(list: Input<readonly T[]>, other: Input<readonly T[]>): NodeHandle<readonly T[]> {
    return this.#apply('dml://list/union', [list, other]) as NodeHandle<readonly T[]>;
  }
}

/** Builtins on sets. */
export class SetBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The item when the set has it, else the default, else a failure. */
  get<T>(set: Input<ReadonlySet<T>>, item: Input<T>, ...orElse: [] | [Input<T>]): NodeHandle<T> {
    return this.#apply('dml://set/get', [set, item, ...orElse]) as NodeHandle<T>;
  }

  add<T>(set: Input<ReadonlySet<T>>, item: Input<T>): NodeHandle<ReadonlySet<T>> {
    return this.#apply('dml://set/add', [set, item]) as NodeHandle<ReadonlySet<T>>;
  }

  remove<T>(set: Input<ReadonlySet<T>>, item: Input<T>): NodeHandle<ReadonlySet<T>> {
    return this.#apply('dml://set/remove', [set, item]) as NodeHandle<ReadonlySet<T>>;
  }

  union<T>(set: Input<ReadonlySet<T>>, other: Input<ReadonlySet<T>>): NodeHandle<ReadonlySet<T>> {
    return this.#apply('dml://set/union', [set, other]) as NodeHandle<ReadonlySet<T>>;
  }

  intersection<T>(set: Input<ReadonlySet<T>>, other: Input<ReadonlySet<T>>): NodeHandle<ReadonlySet<T>> {
    return this.#apply('dml://set/intersection', [set, other]) as NodeHandle<ReadonlySet<T>>;
  }

  difference<T>(set: Input<ReadonlySet<T>>, other: Input<ReadonlySet<T>>): NodeHandle<ReadonlySet<T>> {
    return this.#apply('dml://set/difference', [set, other]) as NodeHandle<ReadonlySet<T>>;
  }
}

type MapOf<V> = Readonly<Record<string, V>>;

/** Builtins on maps. */
export class MapBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The value of the key, else the default, else a failure. */
  get<M extends object, K extends string & keyof M>(
    map: Input<M>,
    key: Input<K>,
    ...orElse: [] | [Input<M[K]>]
  ): NodeHandle<M[K]> {
    return this.#apply('dml://map/get', [map, key, ...orElse]) as NodeHandle<M[K]>;
  }

  /** The map with the entry, which replaces an older one. */
  assoc<V>(map: Input<MapOf<V>>, key: Input<string>, value: Input<V>): NodeHandle<MapOf<V>> {
    return this.#apply('dml://map/assoc', [map, key, value]) as NodeHandle<MapOf<V>>;
  }

  dissoc<V>(map: Input<MapOf<V>>, key: Input<string>): NodeHandle<MapOf<V>> {
    return this.#apply('dml://map/dissoc', [map, key]) as NodeHandle<MapOf<V>>;
  }

  /** The entries of both; the second map decides on a common key. */
  union<V>(map: Input<MapOf<V>>, other: Input<MapOf<V>>): NodeHandle<MapOf<V>> {
    return this.#apply('dml://map/union', [map, other]) as NodeHandle<MapOf<V>>;
  }

  /** The entries of the first map whose keys both have. */
  intersection<V>(map: Input<MapOf<V>>, other: Input<MapOf<unknown>>): NodeHandle<MapOf<V>> {
    return this.#apply('dml://map/intersection', [map, other]) as NodeHandle<MapOf<V>>;
  }

  /** The entries of the first map whose keys the second lacks. */
  difference<V>(map: Input<MapOf<V>>, other: Input<MapOf<unknown>>): NodeHandle<MapOf<V>> {
    return this.#apply('dml://map/difference', [map, other]) as NodeHandle<MapOf<V>>;
  }
}
