import { findObject, RecordReader } from '@daggerml/repository';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { tellHiddenDag } from '../hidden-dag.ts';
import { describeObject } from '../object-view.ts';
import { withStore } from '../repository-access.ts';

/** `dml show <object>`. */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, options } = context;
  const name = args[0] ?? '';
  await withStore(context, 'read', (store) => {
    const reader = new RecordReader(store);
    const found = findObject(reader, name);
    tellHiddenDag(output, name, found);
    const { value, lines } = describeObject(reader, found, {
      output,
      full: options.full === true,
    });
    output.result(value, () => lines().join('\n'));
  });
  return EXIT.done;
}
