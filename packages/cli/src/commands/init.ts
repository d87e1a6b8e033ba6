import { isRepository } from '@daggerml/bindings/folder';
import { isAnyDmlError } from '../any-dml-error.ts';
import type { CommandContext } from '../command.ts';
import { absolutePath } from '../current-folder.ts';
import { EXIT } from '../exit-code.ts';
import { makeFolder } from '../make-folder.ts';
import { thenClose } from '../then-close.ts';
import { waitsOf } from '../waits.ts';

/** `dml init [folder]`. @spec DML-CLI-0701 */
export async function run(context: CommandContext): Promise<number> {
  const { io, globals, output, args } = context;
  const folder = absolutePath(io, globals.repo ?? '.', args[0] ?? '.');
  // @spec DML-CLI-0702
  const created = !isRepository(folder) && (await create(folder, context));
  output.result({ repository: folder, created }, () =>
    created
      ? `created a repository in ${output.safe(folder)}`
      : `${output.safe(folder)} is a repository already; nothing changed`,
  );
  return EXIT.done;
}

/** Creates a repository; false when another process has done so meanwhile. */
async function create(folder: string, context: CommandContext): Promise<boolean> {
  makeFolder(folder);
  const { Repository, userContext } = await import('@daggerml/bindings');
  try {
    const { io } = context;
    const repository = await Repository.init(folder, {
      user: userContext(io.env),
      signal: io.signal,
      ...waitsOf(context),
    });
    return await thenClose(
      context,
      () => true,
      () => repository.close(),
    );
  } catch (error) {
    // @spec DML-CLI-0729
    if (isAnyDmlError(error) && error.code === 'repository_exists') return false;
    throw error;
  }
}
