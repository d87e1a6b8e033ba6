import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';

/** Runs `dml schema`. */
export async function run(context: CommandContext): Promise<void> {
  const { output } = context;
  await withStore(context, 'read', (_, store) => {
    // @spec DML-CLI-0813
    const value = { schema: store.getMeta('schema'), createdBy: store.getMeta('created_by') };
    output.result(value, () => [
      `schema      ${value.schema}`,
      `created by  ${output.safe(String(value.createdBy))}`,
    ]);
  });
}
