import { nfcText } from '@daggerml/object-model';
import type { CommandContext, CommandSpec } from './command.ts';

/**
 * Brings the names among what a command was given to the form in which a repository keeps names: what looks the
 * same is the same name, however the keyboard or the file system spelled it.
 *
 * @spec DML-CLI-0611
 */
export function canonicalNames(
  command: CommandSpec,
  { args, options }: Pick<CommandContext, 'args' | 'options'>,
): Pick<CommandContext, 'args' | 'options'> {
  const names = (command.options ?? []).filter(({ isName }) => isName === true).map(optionKey);
  return {
    args: args.map((arg, index) =>
      arg === undefined || command.arguments?.[index]?.isPath === true ? arg : nfcText(arg),
    ),
    options: Object.fromEntries(
      Object.entries(options).map(([key, value]) => [
        key,
        names.includes(key) && typeof value === 'string' ? nfcText(value) : value,
      ]),
    ),
  };
}

/** Returns the key of an option of one word, such as `--why <object>`. */
function optionKey({ syntax }: { readonly syntax: string }): string {
  return /--(\w+)/.exec(syntax)?.[1] ?? '';
}
