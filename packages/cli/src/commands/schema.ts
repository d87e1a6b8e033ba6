import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';

/** Runs `dml schema`. */
export async function run(context: CommandContext): Promise<number> {
  const { output } = context;
  await withStore(context, 'read', (store) => {
    // @spec DML-CLI-0813
    const value = {
      schema: store.getMeta('schema'),
      createdBy: store.getMeta('created_by'),
      lastMigratedBy: store.getMeta('last_migrated_by') ?? null,
    };
    output.result(value, () =>
      [
        `schema            ${value.schema}`,
        `created by        ${output.safe(String(value.createdBy))}`,
        `last migrated by  ${output.safe(String(value.lastMigratedBy ?? 'never'))}`,
      ].join('\n'),
    );
  });
  return EXIT.done;
}
