import { DmlError, isDmlError } from '@daggerml/object-model';

/** Returns an error with a next step that is printed behind its hint; any other failure as it is. */
export function withNextStep(error: unknown, nextStep: string): unknown {
  if (!isDmlError(error)) return error;
  const { code, detail, recordType, words, position, fields } = error;
  return new DmlError({
    code,
    detail,
    recordType,
    position,
    message: words,
    fields: { ...fields, nextStep },
    cause: error,
  });
}
