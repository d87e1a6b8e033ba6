import { formatMessage } from './error-message.ts';
import { DmlError, type DmlErrorFields } from './errors.ts';

/**
 * Builds one package's errors: `fields` are facts for the caller, never payload bytes; `detail` is a stable reason
 * below the code.
 */
export type ErrorBuilder<AnyCode extends string> = <Code extends AnyCode>(
  code: Code,
  fields?: DmlErrorFields,
  cause?: unknown,
  detail?: string | undefined,
) => DmlError<Code>;

/**
 * Makes the function that builds a package's errors. `messages` word each code, with the fields and the `detail`
 * filled in as `formatMessage` does; an error of a code without words shows its reason.
 *
 * @spec DML-OBJ-0807
 */
export function errorBuilder<AnyCode extends string>(
  messages?: Readonly<Partial<Record<AnyCode, string>>>,
): ErrorBuilder<AnyCode> {
  return (code, fields = {}, cause, detail) => {
    const template: string | undefined = messages?.[code];
    const message =
      template === undefined ? undefined : formatMessage(template, { detail: detail ?? '', ...fields });
    return new DmlError({ code, fields, cause, detail, message });
  };
}
