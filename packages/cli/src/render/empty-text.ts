import type { CommandSpec } from '../invocation/command.ts';

/** Returns which argument or option is empty, in words; nothing that a command takes ever is. @spec DML-CLI-0367 */
export function emptyOf(
  { arguments: known = [] }: CommandSpec,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
): string | undefined {
  const argument = known[args.indexOf('')];
  if (argument !== undefined) return `argument "${argument.syntax.slice(1, -1)}"`;
  const option = Object.keys(options).find((name) => options[name] === '');
  return option === undefined ? undefined : `option "--${option}"`;
}
