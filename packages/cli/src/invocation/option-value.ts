import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';
import { flagOf } from './flag.ts';

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
  const problem = `${flagOf(name)} takes a whole number above 0, not "${text}"`;
  throw cliError('invalid_argument', { problem, command });
}

const HOUR_MS = 3_600_000;
const UNIT_MS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

/** Returns an option that must be an age such as `12h`, `30d` or `8w`, in milliseconds; undefined without the option. */
export function age(
  { options }: Pick<CommandContext, 'options'>,
  name: string,
  command: string,
): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,6})([hdw])$/.exec(String(text)) ?? [];
  if (digits !== undefined) return Number(digits) * (UNIT_MS[unit] as number);
  const problem = `${flagOf(name)} takes an age in hours, days or weeks such as 12h, 30d or 8w, not "${text}"`;
  throw cliError('invalid_argument', { problem, command });
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** Returns a size such as `500000`, `64k` or `1MiB` in bytes, undefined for anything else; units are those of git. */
export function bytesOfSize(text: string): number | undefined {
  // @spec DML-CLI-1261
  const [, digits, unit = ''] = /^(\d{1,12})(?:([kmgt])(?:i?b)?)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * (UNIT_BYTES[unit.toLowerCase()] as number);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Returns the size that an option was given, in bytes; throws for anything else. */
export function byteSize(text: string, flag: string, command: string): number {
  const bytes = bytesOfSize(text);
  if (bytes !== undefined) return bytes;
  const problem = `--${flag} takes a size such as 500000, 64k or 1MiB, not "${text}"`;
  throw cliError('invalid_argument', { problem, command });
}
