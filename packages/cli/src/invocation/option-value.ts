import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';

/** Returns an option that must be a whole number above 0; undefined without the option. */
export function positiveInteger(
  { options }: Pick<CommandContext, 'options'>,
  name: string,
  command: string,
): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(String(text)) && Number.isSafeInteger(value) && value > 0) return value;
  const problem = `--${name} takes a whole number above 0, not "${text}"`;
  throw cliError('invalid_argument', { problem, command });
}
