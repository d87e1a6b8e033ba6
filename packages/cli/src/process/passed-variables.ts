import type { CommandContext } from '../invocation/command.ts';
import { cliError } from '../wording/cli-error.ts';
import { mayBeReplaced } from './not-utf8.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Returns the environment variables that `--env` names, with their values; none without the option. */
export function passedVariables(
  { io, options }: Pick<CommandContext, 'io' | 'options'>,
  command: string,
): Readonly<Record<string, string>> {
  const { env: names } = options;
  if (names === undefined) return {};
  const passed: Record<string, string> = {};
  for (const name of String(names).split(',')) {
    const value = NAME.test(name) ? io.env[name] : undefined;
    if (value === undefined) {
      const problem = `--env takes names of variables that are set, separated by commas; "${name}" is none`;
      throw cliError('invalid_argument', { problem, command });
    }
    if (mayBeReplaced(value)) {
      const problem = `--env passes text; the value of ${name} is not UTF-8 text`;
      throw cliError('invalid_argument', { problem, command });
    }
    // @spec DML-CLI-0721
    passed[name] = value;
  }
  return passed;
}
