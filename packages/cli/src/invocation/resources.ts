import { isNeed } from '@daggerml/object-model';
import { cliError } from '../wording/cli-error.ts';
import type { CommandContext } from './command.ts';

/** Returns the resources that `--resources` lists: `gpu=2,memoryMb=16000,linux`; undefined without the option. */
export function listedResources(
  { options }: Pick<CommandContext, 'options'>,
  command: string,
  option: 'resources' | 'offers' = 'resources',
): Readonly<Record<string, number | true>> | undefined {
  const text = options[option];
  if (text === undefined) return undefined;
  const listed: Record<string, number | true> = {};
  for (const each of String(text).split(',')) {
    const [, name = '', digits] = /^([^=]*)(?:=(\d{1,15}))?$/.exec(each.trim()) ?? [];
    const amount = digits === undefined ? true : Number(digits);
    if (!isNeed(name, amount) || Object.hasOwn(listed, name)) {
      const problem = `--${option} takes names with whole numbers above 0, such as gpu=2,memoryMb=16000, each name once; "${each}" is none`;
      // @spec DML-CLI-1915
      throw cliError('invalid_argument', { problem, command });
    }
    listed[name] = amount;
  }
  return listed;
}
