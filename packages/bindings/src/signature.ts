import type { AnyFunction } from '@daggerml/capture';
import type { Inputs, Lifted, Refused } from './values.ts';

/** Parameters and result of a function, of each signature of an overloaded one with up to four. */
type Signatures<F> = F extends {
  (...inputs: infer A1): infer R1;
  (...inputs: infer A2): infer R2;
  (...inputs: infer A3): infer R3;
  (...inputs: infer A4): infer R4;
}
  ? Signature<A1, R1> | Signature<A2, R2> | Signature<A3, R3> | Signature<A4, R4>
  : F extends (...inputs: infer A) => infer R
    ? Signature<A, R>
    : never;

interface Signature<A, R> {
  readonly inputs: A;
  readonly result: R;
}

/**
 * Inputs of a call: a value or a handle for each parameter, optional ones and rest parameters included.
 *
 * @spec DML-BND-0808
 */
export type CallInputs<F extends AnyFunction> = InputsOf<Signatures<F>>;

type InputsOf<S> =
  S extends Signature<infer A, unknown> ? (A extends readonly unknown[] ? Inputs<A> : never) : never;

/** The value of a call. */
export type CallValue<F extends AnyFunction> = ValueOf<Signatures<F>>;

type ValueOf<S> = S extends Signature<unknown, infer R> ? Returned<Awaited<R>> : never;

/**
 * Value that a function or pipeline returns; not undefined, since the work would be lost.
 *
 * @spec DML-BND-1560
 */
export type Returned<T> = unknown extends T
  ? T
  : // biome-ignore lint/suspicious/noConfusingVoidType: the type of what a function returns that returns nothing
    [Extract<T, undefined | void>] extends [never]
    ? Lifted<T>
    : Refused<'undefined has no datum form: return null'>;

/** `unknown` for a function whose result can be stored, else a type that no function has. */
export type Callable<F extends AnyFunction> = [CallValue<F>] extends [never]
  ? unknown
  : [CallValue<F>] extends [Refused<string>]
    ? CallValue<F>
    : unknown;
