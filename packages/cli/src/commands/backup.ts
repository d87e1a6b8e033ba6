import { formatSize } from '@daggerml/object-model';
import type { CommandContext } from '../invocation/command.ts';
import { openingOf, repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { absolutePath } from '../process/current-folder.ts';
import { formatCount } from '../render/quantities.ts';

const DOING = { mark: 'looking for objects', copy: 'copying', check: 'checking' } as const;

/** Runs `dml backup <folder>`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, io, output } = context;
  const [folder = ''] = args;
  const path = absolutePath(io, folder);
  const { backupRepository } = await import('@daggerml/repository');
  const { program, user } = await openingOf(context);
  const from = repositoryFolder(context);
  const report = await withStore(context, 'write', ({ store }) =>
    backupRepository(store, {
      from,
      // @spec DML-CLI-1080
      to: path,
      program,
      user,
      signal: io.signal,
      // @spec DML-CLI-1083
      onProgress: ({ phase, done, total }) =>
        output.live([`  ${DOING[phase]}: ${done}${total === undefined ? '' : ` of ${total}`} objects`]),
    }),
  );
  output.live();
  // @spec DML-CLI-1081
  output.result({ path, ...report }, () => {
    const { objects, bytes, refs, copiedObjects, copiedBytes, isNew } = report;
    const all = `${formatCount(objects, 'object')}, ${formatSize(bytes)}, and ${formatCount(refs, 'ref')}`;
    const added = `${formatCount(copiedObjects, 'object')}, ${formatSize(copiedBytes)}`;
    return `"${output.safe(folder)}" holds ${all}${isNew ? '' : `; new in it: ${added}`}`;
  });
}
