import { isDmlError } from '@daggerml/object-model';
import { isRetryable, isStoreFailure } from '../run/failure-effect.ts';
import type { AdapterAnswer } from './port.ts';

/** Returns the answer for an attempt that says nothing about its call. */
export function lost({ code, reason }: { readonly code: string; readonly reason: string }): AdapterAnswer {
  return { type: 'failed', isRetryable: isRetryable(code), code, reason };
}

/** Returns what an error outside of the function means: the store failed, an input is gone, or the attempt failed. */
export function failureOf(error: unknown): AdapterAnswer {
  if (isStoreFailure(error)) return { type: 'broken', error };
  const reason = error instanceof Error ? error.message : String(error);
  if (!isDmlError(error)) return lost({ code: 'worker_lost', reason });
  // @spec DML-CAP-0923
  if (error.code === 'capture_failed')
    return lost({ code: 'load_failed', reason: String(error.fields.reason) });
  return (
    notHere(error) ?? lost({ code: error.code === 'adapter_unknown' ? error.code : 'object_missing', reason })
  );
}

/**
 * Returns the answer for a call of which something is needed that was left out here or that a domain withholds; undefined for
 * any other error.
 */
export function notHere(error: unknown): AdapterAnswer | undefined {
  if (!isDmlError(error, 'object_withheld')) return undefined;
  const { code, detail, words: reason } = error;
  // @spec DML-EXE-2790
  return { type: 'failed', isRetryable: false, code, detail, reason };
}
