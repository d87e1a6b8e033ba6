import { remoteError } from '@daggerml/remotes';
import type { RemoteFailure } from './protocol.ts';

/** Place that an error comes from, for its message. */
export interface ErrorPlace {
  /** Name of the executable. */
  readonly adapter: string;
  readonly remote: string;
  /** Operation that was asked for; completes "refused to …". */
  readonly operation: string;
  /** Path that was asked for. */
  readonly path: string;
}

const MAX_REASON_CHARACTERS = 300;

/**
 * Creates the error of an adapter that did not answer as it has to; `reason` follows its name.
 *
 * @spec DML-REM-0658
 */
export function brokenAdapter({ adapter, remote, operation }: ErrorPlace, reason: string): Error {
  return remoteError('remote_unreachable', {
    remote,
    operation,
    reason: `the adapter "${adapter}" ${reason}`,
    instead: `"dml remote check" shows what "${adapter}" does wrong; nothing is lost`,
  });
}

/**
 * Returns the error that the answer `failed` stands for.
 *
 * @spec DML-REM-0656
 */
export function errorOfFailure(failure: RemoteFailure, place: ErrorPlace): Error {
  const { adapter, remote, operation } = place;
  const said = shortened(failure.reason ?? failure.code);
  const reason = `the adapter "${adapter}" says: ${said}`;
  switch (failure.code) {
    case 'damaged':
      return remoteError('remote_damaged', {
        remote,
        path: failure.path ?? place.path,
        detail: failure.detail ?? 'adapter',
      });
    case 'denied':
      return remoteError('remote_refused', { remote, operation, reason });
    case 'full':
      return remoteError('remote_full', { remote, reason });
    case 'missing':
      return remoteError('remote_missing', { remote, reason });
    case 'unreachable':
      return remoteError('remote_unreachable', { remote, operation, reason });
    case 'unsafe':
      return remoteError('remote_unsafe', { remote, reason });
    case 'uri_invalid':
      return remoteError('remote_uri_invalid', { detail: 'adapter', instead: reason });
  }
}

/** Returns what an adapter said, as far as it is of use in a message. */
export function shortened(text: string): string {
  return text.slice(0, MAX_REASON_CHARACTERS).toWellFormed();
}
