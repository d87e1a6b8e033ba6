import { findNamed } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { describeObject } from '../render/object-view.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';

/** Runs `dml show <object>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const name = args[0] as string;
  await withStore(context, 'read', (reader) => {
    const found = findNamed(reader, name);
    noteShadowedDag(output, name, found);
    const { value, lines } = describeObject(reader, found, {
      output,
      full: options.full === true,
    });
    output.result(value, () => lines().join('\n'));
  });
}
