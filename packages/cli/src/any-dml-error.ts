import type { DmlError } from '@daggerml/object-model';

/**
 * Tells whether a caught value is a `DmlError`, of this copy of the object model or of another one: the
 * published program and the packages that run pipelines each have their own.
 */
export function isAnyDmlError(caught: unknown): caught is DmlError {
  return caught instanceof Error && caught.name === 'DmlError' && 'code' in caught && 'fields' in caught;
}
