import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRepository } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { EXAMPLE_FILES } from '../invocation/example-files.ts';
import { openingOf } from '../invocation/repository-access.ts';
import { absolutePath } from '../process/current-folder.ts';
import { makeFolder } from '../process/make-folder.ts';
import { thenClose } from '../process/then-close.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml init [folder]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, globals, output, args } = context;
  const folder = absolutePath(io, globals.repo ?? '.', args[0] ?? '.');
  if (context.options.example === true) checkExample(folder);
  // @spec DML-CLI-0702 DML-CLI-0701
  const created = !isRepository(folder) && (await create(folder, context));
  const files = context.options.example === true ? writeExample(folder) : [];
  output.result({ repository: folder, created, files }, () => [
    created
      ? `created a repository in ${output.safe(folder)}`
      : `${output.safe(folder)} is a repository already; nothing changed`,
    ...(files.length > 0 ? [`wrote ${files.join(' and ')}; run it with: dml run pipeline.ts`] : []),
  ]);
}

/**
 * Throws `path_exists` where a file of the example is there already, before anything is made.
 *
 * @spec DML-CLI-1561
 */
function checkExample(folder: string): void {
  const taken = Object.keys(EXAMPLE_FILES).find((name) => existsSync(join(folder, name)));
  if (taken !== undefined) throw cliError('path_exists', { path: join(folder, taken) }, undefined, 'example');
}

/**
 * Writes the files of the example and returns their names.
 *
 * @spec DML-CLI-1560
 */
function writeExample(folder: string): string[] {
  for (const [name, text] of Object.entries(EXAMPLE_FILES))
    writeFileSync(join(folder, name), text, { flag: 'wx' });
  return Object.keys(EXAMPLE_FILES);
}

/** Creates a repository; false when another process did so at the same time. */
async function create(folder: string, context: CommandContext): Promise<boolean> {
  makeFolder(folder);
  const { createRepository } = await import('@daggerml/repository');
  const store = await createRepository(folder, await openingOf(context));
  // @spec DML-CLI-0729
  if (store === undefined) return false;
  return await thenClose(
    context,
    () => true,
    () => store.close(),
  );
}
