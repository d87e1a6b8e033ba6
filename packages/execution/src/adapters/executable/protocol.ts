/** Version of the adapter protocol that this Executor speaks. */
export const PROTOCOL = 1;

/** Schema of the answer to `describe`. */
export const DESCRIPTION_SCHEMA = 1;

/**
 * Codes with which an adapter says that an attempt failed for other reasons than its function.
 *
 * @spec DML-EXE-3205
 */
export const FAILURE_CODES = ['unreachable', 'worker_lost', 'timeout', 'adapter_refused'] as const;
type FailureCode = (typeof FAILURE_CODES)[number];

/** Description that an adapter gives of itself. */
export interface Description {
  readonly id: number;
  readonly status: 'described';
  readonly schema: 1;
  readonly name: string;
  readonly version: string;
  readonly protocol: number;
  readonly capabilities: {
    /** True where a process answers many questions. */
    readonly persistent?: boolean | undefined;
    /** Questions that a process takes before it has answered the first; 1 by default. */
    readonly maxCalls?: number | undefined;
  };
}

/** One line of an adapter. */
export type Answer = { readonly id: number } & (
  | Description
  | { readonly status: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly status: 'pending'; readonly executionToken: string; readonly pollAfterMs: number }
  | { readonly status: 'done'; readonly outcome: 'ok'; readonly value: unknown }
  | {
      readonly status: 'done';
      readonly outcome: 'error';
      readonly error: { readonly message: string; readonly trace?: readonly string[] | undefined };
    }
  | {
      readonly status: 'failed';
      readonly code: FailureCode;
      readonly reason?: string | undefined;
    }
  | { readonly status: 'cancelled' }
);
