import type { CommandContext } from '../invocation/command.ts';
import { EXIT } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';

/** Runs `dml schema`. @spec DML-CLI-0813 */
export async function run(context: CommandContext): Promise<number> {
  const { output } = context;
  await withStore(context, 'read', (store) => {
    const value = {
      schema: store.getMeta('schema') ?? null,
      createdBy: store.getMeta('created_by') ?? null,
      lastMigratedBy: store.getMeta('last_migrated_by') ?? null,
    };
    output.result(value, () =>
      [
        `schema            ${value.schema ?? 'unknown'}`,
        `created by        ${output.safe(String(value.createdBy ?? 'unknown'))}`,
        `last migrated by  ${output.safe(String(value.lastMigratedBy ?? 'never'))}`,
      ].join('\n'),
    );
  });
  return EXIT.done;
}
