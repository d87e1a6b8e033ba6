import { formatSize } from '@daggerml/object-model';
import { findObject } from '@daggerml/repository';
import {
  compactStore,
  explainKept,
  type GcPlan,
  type GcReason,
  nodeEnvironment,
  type ObjectTally,
  planGc,
  runGc,
} from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { admitterFor, repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { waitsOf } from '../process/waits.ts';
import { formatColumns } from '../render/columns.ts';
import type { Output } from '../render/output.ts';
import { formatCount } from '../render/quantities.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';

type GcRoot = Extract<GcReason, { state: 'kept' }>['root'];

/** Runs `dml gc`. */
export async function run(context: CommandContext): Promise<void> {
  const { options, output, io } = context;
  if (options.why !== undefined) return await why(context, String(options.why));
  const onProgress = (progress: { readonly phase: string; readonly done: number }): void =>
    output.live([`  ${progress.phase}: ${progress.done} objects`]);
  // @spec DML-CLI-1002
  const isDryRun = options.dryRun === true;
  // @spec DML-CLI-1001
  const { plan, storePath } = await withStore(context, isDryRun ? 'read' : 'write', async ({ store }) => ({
    plan: isDryRun
      ? await planGc(store, { onProgress, signal: io.signal })
      : (await runGc(store, { onProgress, signal: io.signal })).plan,
    storePath: store.path,
  }));
  // A compaction wants the store for itself. @spec DML-CLI-1008
  const compaction =
    options.compact === true
      ? await compactStore(storePath, {
          ...(await admitterFor(context, repositoryFolder(context))),
          environment: nodeEnvironment(waitsOf(context)),
          onProgress: (done) => onProgress({ phase: 'compact', done }),
          signal: io.signal,
        })
      : undefined;
  output.live();
  output.result({ dryRun: isDryRun, ...plan, ...(compaction && { compaction }) }, () => [
    describePlan(plan, isDryRun, output),
    // @spec DML-CLI-1018
    ...(compaction
      ? [
          `compacted the store from ${formatSize(compaction.bytesBefore)} to ${formatSize(compaction.bytesAfter)}`,
        ]
      : []),
  ]);
}

function describePlan(plan: GcPlan, isDryRun: boolean, output: Output): string {
  const { kept, garbage } = plan;
  const verb = isDryRun ? 'would delete' : 'deleted';
  return [
    `${verb} ${formatCount(garbage.objects, 'object')}, ${formatSize(garbage.bytes)}; kept ${kept.objects}, ${formatSize(kept.bytes)}`,
    ...(garbage.objects === 0 ? [] : [byClass(garbage, output)]),
  ].join('\n');
}

function byClass(tally: ObjectTally, output: Output): string {
  const rows = Object.entries(tally.byClass).map(([name, { objects, bytes }]) => [
    `  ${name}`,
    String(objects),
    output.style('dim', formatSize(bytes)),
  ]);
  return formatColumns(rows);
}

async function why(context: CommandContext, name: string): Promise<void> {
  const { output } = context;
  await withStore(context, 'read', async (reader, store) => {
    const found = findObject(reader, name);
    noteShadowedDag(output, name, found);
    // A member that is no object of its own is kept by the one that holds it.
    const { class: objectClass, objectId } = { ...found, objectId: found.inline?.holderId ?? found.objectId };
    // @spec DML-CLI-1003
    const reason = await explainKept(store, { class: objectClass, objectId });
    output.result({ class: objectClass, objectId, ...reason }, () => {
      if (reason.state !== 'kept')
        return `nothing keeps ${objectClass} ${output.shortId(objectId)}: the next "dml gc" deletes it`;
      const steps = reason.path.map((step) => `  ${step.class} ${output.shortId(step.objectId)}`);
      return [`kept by ${output.safe(describeRoot(reason.root))}`, ...steps].join('\n');
    });
  });
}

function describeRoot(root: GcRoot): string {
  switch (root.kind) {
    case 'ref':
      return root.ref;
    case 'hold':
      return `the hold of ${root.owner}: ${root.reason}`;
    case 'session':
      return 'a process that is using it now';
  }
}
