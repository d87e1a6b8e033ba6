/** Registered, since a captured function carries its own copy of this module. */
const temporaryTag: symbol = Symbol.for('daggerml.temporary');

/**
 * The error of a failure that says nothing about the inputs, such as a service that does not answer. The call of a
 * function that throws it is attempted again, as often as `retries` says, and the failure is not recorded.
 *
 * @example
 * if (response.status === 503) throw new TemporaryError('the service is busy');
 */
export class TemporaryError extends Error {
  override readonly name: string = 'TemporaryError';

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, temporaryTag, { value: true });
  }
}

/** Checks whether an error was thrown as a `TemporaryError`, of whichever copy of this module. */
export function isTemporary(thrown: unknown): boolean {
  return thrown instanceof Error && temporaryTag in thrown;
}
