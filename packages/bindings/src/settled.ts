import { valuesError } from '@daggerml/values';
import { NodeHandle } from './node-handle.ts';

/** Outcome of a call: its value, or its recorded failure. */
export type Outcome<T = unknown> =
  | { readonly status: 'ok'; readonly value: T }
  | { readonly status: 'error'; readonly error: OutcomeError };

/** The failure of a call. */
export interface OutcomeError {
  /** `function_threw` where the function did, `input_failed` where the call did not run. */
  readonly code: string;
  readonly message: string;
  /** The failure that kept the call from running. */
  readonly cause?: { readonly code: string; readonly message: string };
}

/** Handles whose outcomes are asked for, as a list or by names. */
export type Handles = readonly NodeHandle[] | Readonly<Record<string, NodeHandle>>;

/** The outcomes of handles, in the same places. */
export type Outcomes<H extends Handles> = {
  -readonly [Place in keyof H]: H[Place] extends NodeHandle<infer T> ? Outcome<T> : never;
};

/** Returns handles in the same places, each replaced. Throws `unsupported_value` for anything that is no handle. */
export function replaceHandles(
  handles: Handles,
  replace: (handle: NodeHandle, path: string) => NodeHandle,
): readonly NodeHandle[] | Readonly<Record<string, NodeHandle>> {
  const replaceIn = (handle: unknown, path: string): NodeHandle => {
    // @spec DML-BND-1742
    if (!(handle instanceof NodeHandle)) throw noHandle(path, handle);
    return replace(handle, path);
  };
  if (Array.isArray(handles)) {
    return Array.from(handles as readonly unknown[], (handle, at) => replaceIn(handle, `calls[${at}]`));
  }
  const isRecord = typeof handles === 'object' && handles !== null && !(handles instanceof NodeHandle);
  const prototype: unknown = isRecord ? Object.getPrototypeOf(handles) : undefined;
  if (prototype !== Object.prototype && prototype !== null) throw noHandle('calls', handles);
  return Object.fromEntries(
    Object.entries(handles).map(([key, handle]) => [key, replaceIn(handle, `calls.${key}`)]),
  );
}

function noHandle(path: string, found: unknown): Error {
  const isPromise = found instanceof Promise;
  return valuesError('unsupported_value', {
    path,
    found: isPromise ? 'a promise' : 'no handle of a call',
    instead: isPromise
      ? 'leave the call without await and without value()'
      : 'give a list of handles, or an object with a handle for each name',
  });
}
