import type { BlobHandle, BlobValue, F64, Uri } from '@daggerml/execution';
import type { NodeHandle } from './node-handle.ts';

type Whole = string | boolean | bigint | null | undefined | Uint8Array | Uri;

/** What a value becomes on its way through the repository: what `value()` yields for what a function returned. */
export type Lifted<T> = T extends F64
  ? number
  : T extends BlobValue | BlobHandle
    ? BlobHandle
    : T extends number | Whole
      ? T
      : T extends ReadonlyMap<string, infer V>
        ? Readonly<Record<string, Lifted<V>>>
        : T extends ReadonlySet<infer E>
          ? ReadonlySet<Lifted<E>>
          : T extends object
            ? { readonly [K in keyof T]: Lifted<T[K]> }
            : T;

/** What may stand where a value of a type is wanted: the value, a handle of it, or a value with handles inside. */
export type Input<T> = NodeHandle<T> | InputValue<T>;

type InputValue<T> = T extends number
  ? T | F64
  : T extends BlobHandle
    ? BlobHandle | BlobValue
    : T extends Whole
      ? T
      : T extends ReadonlySet<infer E>
        ? ReadonlySet<Input<E>>
        : T extends object
          ?
              | { readonly [K in keyof T]: Input<T[K]> }
              | (string extends keyof T ? ReadonlyMap<string, Input<T[keyof T]>> : never)
          : T;

/** The inputs of a function, each as a value or a handle. */
export type Inputs<P extends readonly unknown[]> = { readonly [K in keyof P]: Input<P[K]> };
