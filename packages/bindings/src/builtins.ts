import type { NodeHandle } from './node-handle.ts';
import type { Input, Lifted } from './values.ts';

/** Applies a builtin; what a dag gives to the groups below. */
export type ApplyBuiltin = (uri: string, inputs: readonly unknown[]) => NodeHandle;

type AnyList = NodeHandle<readonly unknown[]> | readonly unknown[];
type AnySet = NodeHandle<ReadonlySet<unknown>> | ReadonlySet<unknown>;
type AnyRecord = Readonly<Record<string, unknown>>;
type AnyMap = NodeHandle<AnyRecord> | AnyRecord | ReadonlyMap<string, unknown>;

/** @spec DML-BND-0810 */
type ItemOf<L> = Lifted<L> extends readonly (infer E)[] ? E : unknown;
type MemberOf<S> = Lifted<S> extends ReadonlySet<infer E> ? E : unknown;
type KeyOf<M> = string & keyof Lifted<M>;
type ValueOf<M, K> = K extends keyof Lifted<M> ? Exclude<Lifted<M>[K], undefined> : never;
type Values<M> = ValueOf<M, keyof Lifted<M>>;
type Key<K> = K | NodeHandle<K>;
/** Whether the type of a map names its keys. */
type NamesKeys<M> = string extends keyof Lifted<M> ? false : true;
type Flat<T> = { [K in keyof T]: T[K] };

/** Builtins on lists. Indexes count from 0. */
export class ListBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The item at the index, else the default, else a failure. */
  get<L extends AnyList, D = never>(
    list: L,
    index: Input<number>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<ItemOf<L> | Lifted<D>> {
    return this.#apply('dml://list/get', [list, index, ...orElse]) as NodeHandle<never>;
  }

  /** The list with the item inserted before the index. */
  add<L extends AnyList, I>(list: L, index: Input<number>, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]> {
    return this.#apply('dml://list/add', [list, index, item]) as NodeHandle<never>;
  }

  prepend<L extends AnyList, I>(list: L, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]> {
    return this.#apply('dml://list/prepend', [list, item]) as NodeHandle<never>;
  }

  append<L extends AnyList, I>(list: L, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]> {
    return this.#apply('dml://list/append', [list, item]) as NodeHandle<never>;
  }

  remove<L extends AnyList>(list: L, index: Input<number>): NodeHandle<ItemOf<L>[]> {
    return this.#apply('dml://list/remove', [list, index]) as NodeHandle<never>;
  }

  /** The items of the first list, then those of the second. */
  union<L extends AnyList, M extends AnyList>(list: L, other: M): NodeHandle<(ItemOf<L> | ItemOf<M>)[]> {
    return this.#apply('dml://list/union', [list, other]) as NodeHandle<never>;
  }
}

/** Builtins on sets. */
export class SetBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The item when the set has it, else the default, else a failure. */
  get<S extends AnySet, D = never>(
    set: S,
    item: Input<MemberOf<S>>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<MemberOf<S> | Lifted<D>> {
    return this.#apply('dml://set/get', [set, item, ...orElse]) as NodeHandle<never>;
  }

  add<S extends AnySet, I>(set: S, item: I): NodeHandle<Set<MemberOf<S> | Lifted<I>>> {
    return this.#apply('dml://set/add', [set, item]) as NodeHandle<never>;
  }

  remove<S extends AnySet>(set: S, item: Input<MemberOf<S>>): NodeHandle<Set<MemberOf<S>>> {
    return this.#apply('dml://set/remove', [set, item]) as NodeHandle<never>;
  }

  union<S extends AnySet, T extends AnySet>(set: S, other: T): NodeHandle<Set<MemberOf<S> | MemberOf<T>>> {
    return this.#apply('dml://set/union', [set, other]) as NodeHandle<never>;
  }

  intersection<S extends AnySet>(set: S, other: AnySet): NodeHandle<Set<MemberOf<S>>> {
    return this.#apply('dml://set/intersection', [set, other]) as NodeHandle<never>;
  }

  difference<S extends AnySet>(set: S, other: AnySet): NodeHandle<Set<MemberOf<S>>> {
    return this.#apply('dml://set/difference', [set, other]) as NodeHandle<never>;
  }
}

type Assoc<M, K extends string, V> =
  NamesKeys<M> extends true
    ? string extends K
      ? Record<string, Values<M> | V>
      : Flat<Omit<Lifted<M>, K> & Record<K, V>>
    : Record<string, Values<M> | V>;
type Dissoc<M, K extends string> =
  NamesKeys<M> extends true ? (string extends K ? Partial<Lifted<M>> : Flat<Omit<Lifted<M>, K>>) : Lifted<M>;
type UnionOf<M, N> = [NamesKeys<M>, NamesKeys<N>] extends [true, true]
  ? Flat<Omit<Lifted<M>, keyof Lifted<N>> & Lifted<N>>
  : Record<string, Values<M> | Values<N>>;
type IntersectionOf<M, N> = [NamesKeys<M>, NamesKeys<N>] extends [true, true]
  ? Flat<Pick<Lifted<M>, keyof Lifted<M> & keyof Lifted<N>>>
  : Partial<Lifted<M>>;
type DifferenceOf<M, N> = [NamesKeys<M>, NamesKeys<N>] extends [true, true]
  ? Flat<Omit<Lifted<M>, keyof Lifted<N>>>
  : Partial<Lifted<M>>;

/** Builtins on maps. */
export class MapBuiltins {
  readonly #apply: ApplyBuiltin;

  constructor(apply: ApplyBuiltin) {
    this.#apply = apply;
  }

  /** The value of the key, else the default, else a failure. */
  get<M extends AnyMap, K extends KeyOf<M>, D = never>(
    map: M,
    key: Key<K>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<ValueOf<M, K> | Lifted<D>> {
    return this.#apply('dml://map/get', [map, key, ...orElse]) as NodeHandle<never>;
  }

  /** The map with the entry, which replaces an older one. */
  assoc<M extends AnyMap, const K extends string, V>(
    map: M,
    key: Key<K>,
    value: V,
  ): NodeHandle<Assoc<M, K, Lifted<V>>> {
    return this.#apply('dml://map/assoc', [map, key, value]) as NodeHandle<never>;
  }

  dissoc<M extends AnyMap, const K extends string>(map: M, key: Key<K>): NodeHandle<Dissoc<M, K>> {
    return this.#apply('dml://map/dissoc', [map, key]) as NodeHandle<never>;
  }

  /** The entries of both; the second map decides on a common key. */
  union<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<UnionOf<M, N>> {
    return this.#apply('dml://map/union', [map, other]) as NodeHandle<never>;
  }

  /** The entries of the first map whose keys both have. */
  intersection<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<IntersectionOf<M, N>> {
    return this.#apply('dml://map/intersection', [map, other]) as NodeHandle<never>;
  }

  /** The entries of the first map whose keys the second lacks. */
  difference<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<DifferenceOf<M, N>> {
    return this.#apply('dml://map/difference', [map, other]) as NodeHandle<never>;
  }
}
