import { functionTag } from '@daggerml/values/authoring';
import type { AmbientKind } from '../by-name/outside-reads.ts';

/** Options for running one call of a function; none is part of the call's identity. */
export interface CallOptions {
  /** `false` runs the call whatever is recorded; the new outcome is recorded besides the old ones. */
  readonly cache?: boolean;
  /** Runs the call again when its recorded outcome is a failure. */
  readonly retryFailed?: boolean;
  /** Time one attempt may take; none by default. */
  readonly timeoutMs?: number;
  /** Time that all attempts and the pauses between them may take together; none by default. */
  readonly budgetMs?: number;
  /**
   * Number of further attempts after one that said nothing about the call: its worker was lost, or the function threw a
   * `TemporaryError`. 2 by default. An attempt that took longer than `timeoutMs` is only repeated when this is given,
   * one whose function threw another error only where `retryOn` says so.
   */
  readonly retries?: number;
  /**
   * Errors after which another attempt is made, as far as `retries` goes: names and codes such as `'ECONNRESET'`, of
   * what was thrown or of one of its causes, or `'throw'` for whatever is thrown. The last throw is the recorded
   * failure of the call. None by default.
   */
  readonly retryOn?: 'throw' | readonly string[];
  /**
   * Needs of the call while it runs, by name: amounts with the unit in the name, such as `{ gpu: 1, memoryMb: 4000 }`,
   * of what the run offers (`dml run --resources gpu=2`), or `true` for a quality of the place. Nothing by default.
   */
  readonly needs?: Readonly<Record<string, number | true>>;
  /** The name that progress reports show; the function's name by default. */
  readonly label?: string;
  /**
   * True for a call that only one of all who share a remote may run at a time, which costs two requests; false for one
   * that each may run. By default that is so for calls that are known to take long.
   */
  readonly claim?: boolean;
}

/** Options for capturing the functions of a file; none is part of their identity. */
export interface FunctionsOptions {
  /** Kinds of outside reads that the author accepts; they cause no warning. */
  readonly allow?: readonly AmbientKind[];
}

/** Names an exported function of a file, with its type; it is captured when it is first called. */
export interface FunctionRef<F extends AnyFunction = AnyFunction> {
  readonly [functionTag]: F | undefined;
  readonly moduleUrl: string;
  readonly exportName: string;
  readonly options: CallOptions;
  readonly allow: readonly AmbientKind[];
  /** Returns the same function with these options. */
  with(options: CallOptions): FunctionRef<F>;
}

export type AnyFunction = (...inputs: never[]) => unknown;

/** The exported functions of a module, by name. */
export type FunctionsOf<M> = {
  readonly [Name in keyof M as M[Name] extends AnyFunction ? Name : never]: M[Name] extends AnyFunction
    ? FunctionRef<M[Name]>
    : never;
};

/**
 * Returns a reference to every exported function of a file, typed by the file's own module type:
 * `functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url))`.
 * The file is not loaded; a name it does not export is reported when the function is called.
 *
 * Functions of an Execution Adapter are named by the beginning of their URIs:
 * `functions<{ mean(numbers: number[]): number }>('dml+exec://dml-stats/v1')`.
 */
export function functions<M>(module: URL | string, options: FunctionsOptions = {}): FunctionsOf<M> {
  const { allow = [] } = options;
  const moduleUrl = String(module);
  const known = new Map<string, FunctionRef>();
  return new Proxy(Object.freeze({}), {
    get(_target, name) {
      if (typeof name !== 'string') return undefined;
      let reference = known.get(name);
      if (!reference) {
        // @spec DML-BND-1210
        reference = functionRef({ moduleUrl, exportName: name, options: {}, allow });
        known.set(name, reference);
      }
      return reference;
    },
  }) as FunctionsOf<M>;
}

function functionRef(of: Pick<FunctionRef, 'moduleUrl' | 'exportName' | 'options' | 'allow'>): FunctionRef {
  return Object.freeze({
    [functionTag]: undefined,
    ...of,
    with: (more: CallOptions) => functionRef({ ...of, options: { ...of.options, ...more } }),
  });
}

/** Checks whether a value is a reference made by `functions`. */
export function isFunctionRef(value: unknown): value is FunctionRef {
  return typeof value === 'object' && value !== null && functionTag in value;
}
