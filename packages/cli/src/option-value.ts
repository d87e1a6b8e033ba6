import { cliError } from './cli-error.ts';
import type { CommandContext } from './command.ts';

/** Yields an option that must be a whole number above 0; undefined without the option. */
export function positiveInteger(
  { options }: Pick<CommandContext, 'options'>,
  name: string,
): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(String(text)) && Number.isSafeInteger(value) && value > 0) return value;
  throw cliError('invalid_argument', { problem: `--${name} takes a whole number above 0, not "${text}"` });
}
