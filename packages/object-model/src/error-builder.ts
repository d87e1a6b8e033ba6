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

/** The one wording of each code, and of those of its details that say it better. */
type Messages<AnyCode extends string> = Readonly<Partial<Record<AnyCode | `${AnyCode}/${string}`, string>>>;

/**
 * Creates the function that builds a package's errors. `messages` word each code, or `code/detail` where one detail
 * needs words of its own, filled in as `formatMessage` does; an error of a code without words shows its reason.
 *
 * @spec DML-OBJ-0807
 */
export function errorBuilder<AnyCode extends string>(messages?: Messages<AnyCode>): ErrorBuilder<AnyCode> {
  return (code, fields = {}, cause, detail) => {
    const template: string | undefined = messages?.[`${code}/${detail}`] ?? messages?.[code];
    const message =
      template === undefined ? undefined : formatMessage(template, { detail: detail ?? '', ...fields });
    // Words that name the file need no position.
    const position = template?.includes('{file}') ? undefined : positionOf(fields);
    return new DmlError({ code, fields, cause, detail, message, position });
  };
}

/** Returns `file:line:column` of an error's fields, as far as they are known. */
function positionOf({ file, line, column }: DmlErrorFields): string | undefined {
  if (typeof file !== 'string') return undefined;
  if (typeof line !== 'number' || line === 0) return file;
  return typeof column === 'number' ? `${file}:${line}:${column}` : `${file}:${line}`;
}
