import { formatSize } from '@daggerml/object-model';
import { branchOf, tagOf } from '@daggerml/repository';
import { checkCar } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { counted, openSource } from '../process/byte-source.ts';
import { formatColumns } from '../render/columns.ts';
import { liveProgress } from '../render/live-progress.ts';
import { formatCount } from '../render/quantities.ts';

/** Missing objects that are listed for people. */
const MAX_LISTED = 20;

/** Runs `dml bundle verify <file>`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { args, io, output } = context;
  const [file = ''] = args;
  const show = liveProgress(context);
  const { pieces, sizeBytes } = openSource(io, { path: file, command: 'bundle verify' });
  let bytes = 0;
  // @spec DML-CLI-2026
  const { refs, missing, missingCount, ...counts } = await checkCar(
    counted(pieces, (taken) => {
      bytes = taken;
      show(() => `checking: ${formatSize(taken)}${sizeBytes ? ` of ${formatSize(sizeBytes)}` : ''}`);
    }),
  );
  output.live();
  const { objects, tombstones, stubs } = counts;
  const listed = refs.map(({ name: ref, commitId }) => ({ ref, commitId }));
  const isWhole = missingCount === 0;
  // @spec DML-CLI-2025
  output.result({ whole: isWhole, refs: listed, bytes, ...counts, missingCount, missing }, () => [
    `${isWhole ? 'whole' : `not whole: ${formatCount(missingCount, 'object')} missing`}; ${formatCount(objects, 'object')}, ${formatSize(bytes)}`,
    ...missing
      .slice(0, MAX_LISTED)
      .map(({ class: objectClass, objectId }) => `  missing: ${objectClass} ${objectId}`),
    ...(missingCount > MAX_LISTED ? [`  and ${missingCount - MAX_LISTED} more`] : []),
    ...(tombstones === 0
      ? []
      : [`${formatCount(tombstones, 'object')} excised: "dml bundle unbundle" needs --accept-excisions`]),
    ...(stubs === 0 ? [] : [`${formatCount(stubs, 'object')} withheld`]),
    formatColumns(
      refs.map(({ name, commitId }) => [
        `  ${output.shortId(commitId)}`,
        output.safe(
          branchOf(name) === name ? (tagOf(name) === name ? name : `${tagOf(name)} (tag)`) : branchOf(name),
        ),
      ]),
    ),
  ]);
  // @spec DML-CLI-2027
  return isWhole ? EXIT.done : EXIT.damage;
}
