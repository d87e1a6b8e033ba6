import { type FederatedSnapshotId, treeEntries } from '@daggerml/object-model';
import { SNAPSHOT_OWNER, takeSnapshot } from '@daggerml/remotes';
import { findObject, type RecordReader, repositoryError } from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatColumns } from '../render/columns.ts';
import { formatCount } from '../render/quantities.ts';
import { referenceFields } from '../render/references.ts';

/** Runs `dml snapshot`. */
export async function run(context: CommandContext): Promise<void> {
  const { options } = context;
  if (options.list === true)
    return await withStore(context, 'read', (_reader, store) => list(context, store));
  await withStore(context, 'write', (reader, store) => {
    if (options.remove !== undefined) return remove(context, reader, String(options.remove));
    take(context, reader, takeSnapshot(store).snapshotId);
  });
}

function take({ output }: CommandContext, reader: RecordReader, snapshotId: FederatedSnapshotId): void {
  const { heads, references } = reader.read('federated-snapshot', snapshotId);
  const branches = [...treeEntries('heads', heads, reader)].map(([branch, commitId]) => ({
    branch,
    commitId,
  }));
  const taken = [...treeEntries('references', references, reader)].map(([name, referenceId]) =>
    referenceFields(reader, { name, referenceId, reference: reader.read('reference', referenceId) }),
  );
  // @spec DML-CLI-1290
  output.result({ federatedSnapshotId: snapshotId, heads: branches, references: taken }, () => [
    `snapshot ${output.style('yellow', snapshotId)}`,
    formatColumns([
      ...branches.map(({ branch, commitId }) => [`  ${output.safe(branch)}`, output.shortId(commitId), '']),
      ...taken.map(({ reference, commitId, domain }) => [
        // A branch may have the same name. @spec DML-CLI-3831
        `  references/${output.safe(reference)}`,
        commitId === null ? 'ended' : output.shortId(commitId),
        output.safe(domain),
      ]),
    ]),
  ]);
}

function list({ output }: CommandContext, store: Store): void {
  const kept = store
    .readHolds()
    .filter((hold) => hold.class === 'federated-snapshot' && hold.owner === SNAPSHOT_OWNER)
    .sort((left, right) => left.createdMs - right.createdMs);
  const all = kept.map(({ objectId, createdMs }) => ({ federatedSnapshotId: objectId, createdMs }));
  // @spec DML-CLI-1294
  output.result(all, () => all.map(({ federatedSnapshotId }) => federatedSnapshotId));
  if (all.length === 0) output.note('no snapshot is kept');
}

function remove({ output }: CommandContext, reader: RecordReader, text: string): void {
  const { class: objectClass, objectId } = findObject(reader, text);
  if (objectClass !== 'federated-snapshot')
    throw repositoryError('wrong_class', { name: text, found: objectClass, wanted: 'federated snapshot' });
  const removed = reader.store.transact('snapshot/remove', (transaction) =>
    transaction.deleteHold('federated-snapshot', objectId as FederatedSnapshotId, SNAPSHOT_OWNER),
  );
  // @spec DML-CLI-1291
  output.result(
    { federatedSnapshotId: objectId, removed },
    () => `${formatCount(removed ? 1 : 0, 'snapshot')} removed; "dml gc" deletes what only it kept`,
  );
}
