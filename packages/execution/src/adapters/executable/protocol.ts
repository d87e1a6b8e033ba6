import type { AttemptUsage } from '../port.ts';

/** Version of the adapter protocol that this Executor speaks. */
export const PROTOCOL = 1;

/** Schema of the answer to `describe`. */
export const DESCRIPTION_SCHEMA = 1;

/** Characters of a name of what was thrown. */
export const MAX_NAME_CHARACTERS = 256;

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
  | {
      readonly status: 'done';
      readonly outcome: 'ok';
      readonly value: unknown;
      readonly usage?: AttemptUsage | undefined;
    }
  | {
      readonly status: 'done';
      readonly outcome: 'error';
      readonly error: {
        readonly message: string;
        readonly trace?: readonly string[] | undefined;
        /** Kind of the failure; `function_threw` by default. */
        readonly code?: string | undefined;
        /** Names and codes of what was thrown and of its causes. */
        readonly names?: readonly string[] | undefined;
      };
      readonly usage?: AttemptUsage | undefined;
    }
  | {
      readonly status: 'failed';
      readonly code: FailureCode;
      readonly reason?: string | undefined;
    }
  | { readonly status: 'cancelled' }
);

/** One line of an Executor. */
export type Question = { readonly id: number } & (
  | { readonly operation: 'describe' }
  | SubmitQuestion
  | ({ readonly operation: 'poll'; readonly executionToken: string } & ExecutionMembers)
  | ({ readonly operation: 'cancel'; readonly executionToken?: string | undefined } & ExecutionMembers)
);

interface ExecutionMembers {
  readonly executionUuid: string;
  /** Absolute path of the folder for files of inputs and of the result. */
  readonly folder: string;
}

/** Asks for a call. */
export interface SubmitQuestion extends ExecutionMembers {
  readonly operation: 'submit';
  readonly callNodeId: string;
  readonly executionKey: string;
  readonly functionUri: string;
  readonly attempt: number;
  readonly timeLimitMs?: number | undefined;
  readonly inputs: readonly unknown[];
  readonly function?: unknown;
  readonly natives?: readonly object[] | undefined;
  readonly limits?: object | undefined;
}
