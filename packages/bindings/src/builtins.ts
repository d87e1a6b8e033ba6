import { type BuiltinKind, type BuiltinOperation, builtinOperations, builtinUri } from '@daggerml/execution';
import type { NodeHandle } from './node-handle.ts';
import type { Input, Lifted } from './values.ts';

/** Applies a builtin to its inputs. */
export type ApplyBuiltin = (uri: string, inputs: readonly unknown[]) => NodeHandle;

/** Names of the methods of each kind; builtins that construct a collection have none, since literals do that. */
type MethodNames = {
  readonly [Kind in BuiltinKind]: Readonly<Record<Exclude<BuiltinOperation<Kind>, 'construct'>, unknown>>;
};

interface BuiltinMethods extends MethodNames {
  readonly list: ListBuiltins;
  readonly set: SetBuiltins;
  readonly map: MapBuiltins;
}

/** Returns the methods that apply the builtins of a kind, each under its name. */
export function builtinMethods<Kind extends BuiltinKind>(
  kind: Kind,
  apply: ApplyBuiltin,
): BuiltinMethods[Kind] {
  const operations = builtinOperations(kind).filter((operation) => operation !== 'construct');
  // @spec DML-BND-1131
  const methods = operations.map((operation) => [
    operation,
    (...inputs: unknown[]) => apply(builtinUri(kind, operation), inputs),
  ]);
  return Object.freeze(Object.fromEntries(methods)) as BuiltinMethods[Kind];
}

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
/** `true` when the type of a map names its keys. */
type NamesKeys<M> = string extends keyof Lifted<M> ? false : true;
type Flat<T> = { [K in keyof T]: T[K] };

/** Builtins on lists. Indexes count from 0. */
export interface ListBuiltins {
  /** Returns the item at the index, else the default; without one the node fails. */
  get<L extends AnyList, D = never>(
    list: L,
    index: Input<number>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<ItemOf<L> | Lifted<D>>;

  /** Returns the list with the item inserted before the index. */
  add<L extends AnyList, I>(list: L, index: Input<number>, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]>;

  prepend<L extends AnyList, I>(list: L, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]>;

  append<L extends AnyList, I>(list: L, item: I): NodeHandle<(ItemOf<L> | Lifted<I>)[]>;

  remove<L extends AnyList>(list: L, index: Input<number>): NodeHandle<ItemOf<L>[]>;

  /** Returns the items of the first list, then those of the second. */
  union<L extends AnyList, M extends AnyList>(list: L, other: M): NodeHandle<(ItemOf<L> | ItemOf<M>)[]>;
}

/** Builtins on sets. */
export interface SetBuiltins {
  /** Returns the item when the set has it, else the default; without one the node fails. */
  get<S extends AnySet, D = never>(
    set: S,
    item: Input<MemberOf<S>>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<MemberOf<S> | Lifted<D>>;

  add<S extends AnySet, I>(set: S, item: I): NodeHandle<Set<MemberOf<S> | Lifted<I>>>;

  remove<S extends AnySet>(set: S, item: Input<MemberOf<S>>): NodeHandle<Set<MemberOf<S>>>;

  union<S extends AnySet, T extends AnySet>(set: S, other: T): NodeHandle<Set<MemberOf<S> | MemberOf<T>>>;

  intersection<S extends AnySet>(set: S, other: AnySet): NodeHandle<Set<MemberOf<S>>>;

  difference<S extends AnySet>(set: S, other: AnySet): NodeHandle<Set<MemberOf<S>>>;
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
export interface MapBuiltins {
  /** Returns the value of the key, else the default; without one the node fails. */
  get<M extends AnyMap, K extends KeyOf<M>, D = never>(
    map: M,
    key: Key<K>,
    ...orElse: [] | [orElse: D]
  ): NodeHandle<ValueOf<M, K> | Lifted<D>>;

  /** Returns the map with the entry added or replaced. */
  assoc<M extends AnyMap, const K extends string, V>(
    map: M,
    key: Key<K>,
    value: V,
  ): NodeHandle<Assoc<M, K, Lifted<V>>>;

  dissoc<M extends AnyMap, const K extends string>(map: M, key: Key<K>): NodeHandle<Dissoc<M, K>>;

  /** Returns the entries of both maps; the second wins on a common key. */
  union<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<UnionOf<M, N>>;

  /** Returns the entries of the first map whose keys both have. */
  intersection<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<IntersectionOf<M, N>>;

  /** Returns the entries of the first map whose keys the second lacks. */
  difference<M extends AnyMap, N extends AnyMap>(map: M, other: N): NodeHandle<DifferenceOf<M, N>>;
}
