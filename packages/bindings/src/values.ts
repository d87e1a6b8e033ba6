import type { BlobHandle, BlobValue, F64, Uri } from '@daggerml/values';
import type { NodeHandle } from './node-handle.ts';

declare const refused: unique symbol;

/** A type that has no values; the compiler shows the reason where one is used. */
export interface Refused<Reason extends string> {
  readonly [refused]: Reason;
}

// biome-ignore lint/suspicious/noConfusingVoidType: the type of what a function returns that returns nothing
type Nothing = undefined | void;

/** The reason why a type has no datum form; `never` for a type that has one or may contain one. */
type Unstorable<T> = T extends Nothing
  ? Refused<'undefined has no datum form: use null'>
  : T extends symbol
    ? Refused<'a symbol has no datum form: use its text'>
    : T extends (...inputs: never[]) => unknown
      ? Refused<'a function has no datum form: run it with dag.call'>
      : T extends Date
        ? Refused<'a Date has no datum form: use its ISO string or its milliseconds'>
        : T extends Uint8Array
          ? never
          : T extends ArrayBufferView | ArrayBuffer | SharedArrayBuffer
            ? Refused<'of typed arrays only Uint8Array has a datum form: use an array of numbers'>
            : T extends PromiseLike<unknown>
              ? Refused<'a promise has no datum form: await it'>
              : T extends Error | RegExp | URL
                ? Refused<'an object of this class has no datum form: use its text'>
                : never;

/** Values that are the same before and after. */
type Scalar = string | boolean | null | Uri;

/**
 * Type of a stored value when it is lifted: what `value()` returns, and what the next function receives.
 *
 * Every lifted value is a fresh one, so nothing in it is readonly. A handle stands for its value.
 *
 * @spec DML-BND-0806
 */
export type Lifted<T> = unknown extends T
  ? T
  : [T] extends [never]
    ? never
    : [T] extends [Nothing]
      ? Refused<'undefined has no datum form: return null'>
      : LiftedMember<T>;

type LiftedMember<T> = T extends Nothing
  ? never
  : T extends NodeHandle<infer V>
    ? V
    : T extends F64
      ? number
      : T extends Scalar | number
        ? T
        : T extends bigint
          ? number | bigint
          : T extends Uint8Array
            ? Uint8Array
            : T extends BlobValue | BlobHandle
              ? BlobHandle
              : [Unstorable<T>] extends [never]
                ? LiftedCollection<T>
                : Unstorable<T>;

type LiftedCollection<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? [K] extends [string]
      ? Record<string, Lifted<V>>
      : Refused<'a Map whose keys are not text has no datum form: use a list of pairs'>
    : T extends ReadonlySet<infer E>
      ? Set<Lifted<E>>
      : T extends readonly unknown[]
        ? [Gap<T>] extends [never]
          ? { -readonly [K in keyof T]: Lifted<T[K]> }
          : Refused<'undefined has no datum form in a list: use null'>
        : T extends object
          ? LiftedFields<T>
          : never;

/** `undefined` where elements of an array may be it; optional elements of a tuple may be missing instead. */
type Gap<T extends readonly unknown[]> = unknown extends T[number]
  ? never
  : number extends T['length']
    ? Extract<T[number], Nothing>
    : Extract<Required<T>[number], Nothing>;

/** A field that may be undefined is one that may be missing. */
type LiftedFields<T> = [MaybeMissing<T>] extends [never]
  ? { -readonly [K in keyof T]: Lifted<T[K]> }
  : Flat<
      { -readonly [K in keyof T as K extends MaybeMissing<T> ? never : K]: Lifted<T[K]> } & {
        -readonly [K in keyof T as K extends MaybeMissing<T> ? K : never]?: Lifted<T[K]>;
      }
    >;

type Flat<T> = { [K in keyof T]: T[K] };

/** Fields that must be given and may be undefined. */
type MaybeMissing<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? never : IfMaybe<T[K], K>;
}[keyof T];

type IfMaybe<T, Yes> = unknown extends T ? never : undefined extends T ? Yes : never;

/**
 * Input for a parameter type: the value, a handle of it, or a value with handles inside.
 *
 * @spec DML-BND-0807
 */
export type Input<T> = unknown extends T ? T : NodeHandle<Exclude<T, undefined>> | InputMember<T, T>;

/** `All` is the whole of a union of which `T` is a member. */
type InputMember<T, All> = T extends Nothing
  ? never
  : T extends F64
    ? Refused<'f64() reaches a function as a number: take a number'>
    : T extends number
      ? T | (number extends T ? F64 : never)
      : T extends bigint
        ? number extends All
          ? T
          : Refused<'a bigint reaches a function as a number where that is safe: take number | bigint'>
        : T extends Scalar
          ? T
          : T extends Uint8Array
            ? Uint8Array extends T
              ? T
              : Refused<'bytes reach a function as a Uint8Array: take that'>
            : T extends BlobHandle
              ? BlobHandle | BlobValue
              : T extends BlobValue
                ? Refused<'a blob reaches a function as a BlobHandle: take that'>
                : [Unstorable<T>] extends [never]
                  ? InputCollection<T>
                  : Unstorable<T>;

type InputCollection<T> =
  T extends ReadonlyMap<unknown, unknown>
    ? Refused<'a map reaches a function as a plain object: take a Record'>
    : T extends ReadonlySet<infer E>
      ? ReadonlySet<Input<E>>
      : T extends object
        ?
            | { readonly [K in keyof T]: Input<T[K]> | OfField<T, K> }
            | (string extends keyof T ? ReadonlyMap<string, Input<T[keyof T]>> : never)
        : never;

/** A field may be given as undefined where the function takes it so. */
type OfField<T, K extends keyof T> = T extends readonly unknown[]
  ? never
  : unknown extends T[K]
    ? never
    : Extract<T[K], undefined>;

/** The inputs of a function, each as a value or a handle. */
export type Inputs<P extends readonly unknown[]> = { readonly [K in keyof P]: Input<P[K]> };

/** `unknown` for what can be stored; for anything else a type that no value of it has. */
export type Storable<T> = unknown extends T ? unknown : StorableMember<T>;

type StorableMember<T> = T extends
  | NodeHandle
  | F64
  | Scalar
  | number
  | bigint
  | Uint8Array
  | BlobValue
  | BlobHandle
  ? unknown
  : [Unstorable<T>] extends [never]
    ? T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? Lifted<T> extends Refused<string>
        ? Lifted<T>
        : unknown
      : T extends readonly unknown[]
        ? { readonly [K in keyof T]: Storable<T[K]> }
        : T extends object
          ? {
              readonly [K in keyof T]: unknown extends T[K]
                ? unknown
                : StorableField<Exclude<T[K], undefined>>;
            }
          : unknown
    : Unstorable<T>;

type StorableField<T> = [T] extends [never] ? unknown : Storable<T>;
