import type { AnyAnswer } from '../adapters/executable/adapter-process.ts';

/** The protocol of Remote Adapters that this program speaks. */
export const REMOTE_PROTOCOL = 'remote/1';

/** Files that one question deletes. */
export const MAX_REMOVED = 1000;

/**
 * Codes with which an adapter says that it did not do what was asked; nothing of it takes effect later.
 *
 * @spec DML-REM-0657
 */
export const REMOTE_FAILURE_CODES = [
  'damaged',
  'denied',
  'full',
  'missing',
  'unreachable',
  'unsafe',
  'uri_invalid',
] as const;
export type RemoteFailureCode = (typeof REMOTE_FAILURE_CODES)[number];

/** Operation of the files of a remote, as a client asks for it. */
export type RemoteOperation =
  | {
      readonly operation: 'read';
      readonly path: string;
      readonly range?: { readonly offset: number; readonly length: number } | undefined;
      readonly file: string;
    }
  | { readonly operation: 'put'; readonly path: string; readonly file: string }
  | {
      readonly operation: 'readVersion';
      readonly path: string;
      readonly knownVersion?: string | undefined;
      readonly file: string;
    }
  | {
      readonly operation: 'swap';
      readonly path: string;
      readonly expected: string | null;
      readonly file: string;
    }
  | { readonly operation: 'list'; readonly prefix: string; readonly file: string }
  | { readonly operation: 'remove'; readonly paths: readonly string[] }
  | { readonly operation: 'now' };

/** One line of a client. */
export type RemoteQuestion = { readonly id: number } & (
  | { readonly operation: 'describe' }
  | (RemoteOperation & { readonly remote: string })
);

/** Description that a Remote Adapter gives of itself. */
export interface RemoteDescription {
  readonly id: number;
  readonly status: 'described';
  readonly schema: 1;
  readonly name: string;
  readonly version: string;
  readonly protocol: string;
  readonly capabilities: {
    readonly persistent?: boolean | undefined;
    readonly maxCalls?: number | undefined;
  };
}

export interface RemoteFailure {
  readonly status: 'failed';
  readonly code: RemoteFailureCode;
  readonly reason?: string | undefined;
  /** File that is damaged, and how. */
  readonly path?: string | undefined;
  readonly detail?: string | undefined;
}

/** One line of an adapter. */
export type RemoteAnswer = AnyAnswer &
  (
    | RemoteDescription
    | { readonly status: 'absent' }
    | { readonly status: 'unchanged' }
    | {
        readonly status: 'done';
        readonly version?: string | undefined;
        readonly nowMs?: number | undefined;
      }
    | { readonly status: 'refused' }
    | { readonly status: 'unknown'; readonly reason?: string | undefined }
    | RemoteFailure
  );
