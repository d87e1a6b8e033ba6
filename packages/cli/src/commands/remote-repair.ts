import { formatSize } from '@daggerml/object-model';
import type { Link, RepairResult } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';
import { contentOptions } from '../process/read-progress.ts';
import { transferProgress, withRemote } from '../process/remote-session.ts';
import { damagedFields, damagedLines } from '../render/damaged-files.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';

/** Objects that are lacking which are listed for people, and in a document. */
const MAX_LISTED = 10;
const MAX_LISTED_IN_JSON = 1_000;

/** Runs `dml remote repair [remote]`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { output, args, options } = context;
  const { repairRemote } = await import('@daggerml/remotes');
  return await withRemote(context, args[0], ({ name, uri, remote, memory }) =>
    withStore(context, 'read', async (_reader, store) => {
      const repaired = await repairRemote(remote, {
        store,
        memory,
        ...contentOptions(context),
        onPut: transferProgress(context, `putting to ${name}`),
      });
      output.live();
      const { damaged, isWhole, isChanged, counts, lacking } = repaired;
      const value = {
        remote: name,
        uri,
        content: options.content === true,
        whole: isWhole,
        changed: isChanged,
        damaged: damagedFields(damaged),
        objects: counts.objects,
        sentBytes: counts.bytes,
        salvagedObjects: counts.salvaged,
        lackingCount: lacking.size,
        lacking: firstOf(lacking, MAX_LISTED_IN_JSON).map(({ class: objectClass, id }) => ({
          class: objectClass,
          objectId: id,
        })),
      };
      // @spec DML-CLI-3782
      output.result(value, () => [...damagedLines(output, damaged), ...summary(output, name, repaired)]);
      if (options.content !== true && isWhole)
        output.note('content was not read; --content reads and hashes all of it first');
      // @spec DML-CLI-3783
      return isWhole ? EXIT.done : EXIT.damage;
    }),
  );
}

function summary(output: Output, name: string, repaired: RepairResult): string[] {
  const { damaged, isWhole, isChanged, counts, lacking } = repaired;
  const salvaged =
    counts.salvaged === 0 ? '' : `, ${formatCount(counts.salvaged, 'object')} of them from changed files`;
  const put =
    counts.objects === 0
      ? []
      : [`put ${formatCount(counts.objects, 'object')}, ${formatSize(counts.bytes)}${salvaged}`];
  const remote = output.safe(name);
  if (isWhole)
    return damaged.length === 0 && !isChanged
      ? [`${remote} has everything that its branches and tags reach; there is nothing to repair`]
      : [...put, `${remote} is whole again; the next "dml remote gc" deletes what was damaged`];
  const listed = firstOf(lacking, MAX_LISTED).map(
    ({ class: objectClass, id }) => `  ${objectClass} ${output.shortId(id)}`,
  );
  const more = lacking.size - listed.length;
  return [
    ...put,
    `${remote} still lacks ${formatCount(lacking.size, 'object')} that its branches and tags reach and that this repository does not have:`,
    ...listed,
    ...(more > 0 ? [`  and ${more} more, which --json lists`] : []),
    `run "dml remote repair" in other repositories; what nobody has goes with "dml push --delete ${remote} <branch>"`,
  ];
}

function firstOf(links: Iterable<Link>, count: number): Link[] {
  const first: Link[] = [];
  for (const link of links) {
    if (first.length === count) break;
    first.push(link);
  }
  return first;
}
