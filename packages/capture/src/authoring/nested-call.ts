import type { AnyFunction, CallOptions } from './functions.ts';

/** Options of a call that a function makes; none is part of the call's identity. */
export interface NestedCallOptions
  extends Pick<CallOptions, 'timeoutMs' | 'budgetMs' | 'retries' | 'retryOn'> {
  /** The name of the call in the result of the function that makes it; its function and id by default. */
  readonly name?: string;
}

/** Inputs of a function: values, or the promises of other calls. */
export type NestedInputs<Inputs extends readonly unknown[]> = {
  readonly [At in keyof Inputs]: Inputs[At] | Promise<Inputs[At]>;
};

/** Makes a call for the function that runs in this thread; the callee is the key that the capture put in its place. */
export type NestedCallHost = (
  calleeKey: string,
  inputs: readonly unknown[],
  options: NestedCallOptions,
) => Promise<unknown>;

/** The property of the global object under which a worker thread offers its host. */
export const NESTED_CALL_HOST: symbol = Symbol.for('daggerml.nested-call');

/**
 * Calls an exported function as a call of its own: it is cached, recorded and run like a call of a dag. The function is
 * named directly, as in `call(fit, fold)`. Pass the promise of a call on as an input to record that one needs the other.
 * Where no dag runs, as in a unit test, the function is simply called.
 */
export function call<F extends AnyFunction>(
  callee: F,
  ...inputs: NestedInputs<Parameters<F>>
): Promise<Awaited<ReturnType<F>>> {
  return callWith({}, callee, ...inputs);
}

/** Calls an exported function as `call` does, with options. */
export function callWith<F extends AnyFunction>(
  options: NestedCallOptions,
  callee: F,
  ...inputs: NestedInputs<Parameters<F>>
): Promise<Awaited<ReturnType<F>>> {
  const host = (globalThis as Record<symbol, unknown>)[NESTED_CALL_HOST] as NestedCallHost | undefined;
  const key: unknown = callee;
  if (host && typeof key === 'string') return host(key, inputs, options) as never;
  // @spec DML-BND-1831
  if (host)
    return Promise.reject(
      new TypeError('call() takes the name of an exported function as its first argument, written directly'),
    );
  // @spec DML-BND-1830
  return Promise.all(inputs).then((values) => callee(...(values as never[]))) as never;
}
