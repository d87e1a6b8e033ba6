import { listExecutables } from '@daggerml/execution';
import type { CommandContext } from '../invocation/command.ts';
import { formatColumns } from '../render/columns.ts';

/** Runs `dml adapter list`. */
export async function run({ io, output }: CommandContext): Promise<void> {
  // @spec DML-CLI-1951
  const adapters = Array.from(listExecutables(io.env.PATH ?? ''), ([name, path]) => ({ name, path }));
  output.result(adapters, () =>
    formatColumns(adapters.map(({ name, path }) => [output.safe(name), output.safe(path)])),
  );
  if (adapters.length === 0) output.note('no folder of PATH has an executable whose name begins with "dml-"');
}
