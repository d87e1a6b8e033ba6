import {
  buildTree,
  type CommitId,
  type FederatedSnapshotId,
  type FederatedSnapshotRecord,
  type ReferenceId,
} from '@daggerml/object-model';
import type { Ref, StoredReference, Transactor, WriteTransaction } from '@daggerml/store';

/** Parts of a federated snapshot: commits of heads and newest references, by their names. */
export interface SnapshotParts {
  readonly heads: Iterable<readonly [name: string, commitId: CommitId]>;
  /** Ended references too: they stand in the place of a commit. */
  readonly references: Iterable<readonly [name: string, referenceId: ReferenceId]>;
}

/** A store whose state a snapshot is of. */
export interface SnapshotHost extends Transactor {
  readRefs(kind: 'heads'): Ref[];
  readReferences(): StoredReference[];
}

/** Owner of the holds by which snapshots are kept. */
export const SNAPSHOT_OWNER = 'snapshot';

const HEADS = 'refs/heads/';

/** Returns the heads and references of a store as they are. */
export function partsOf(store: Pick<SnapshotHost, 'readRefs' | 'readReferences'>): SnapshotParts {
  return {
    heads: store.readRefs('heads').map(({ name, commitId }) => [name.slice(HEADS.length), commitId]),
    references: store.readReferences().map(({ name, referenceId }) => [name, referenceId]),
  };
}

/** Puts the federated snapshot of some parts; their order makes no difference. */
export function putSnapshot(
  transaction: Pick<WriteTransaction, 'get' | 'put' | 'putRecord'>,
  { heads, references }: SnapshotParts,
): { readonly snapshotId: FederatedSnapshotId; readonly snapshot: FederatedSnapshotRecord } {
  const pages = {
    getPage: (pageId: Parameters<typeof transaction.get>[1]) => transaction.get('page', pageId),
    putPage: (bytes: Uint8Array) => transaction.put('page', bytes),
  };
  // @spec DML-REM-1307
  const snapshot: FederatedSnapshotRecord = {
    type: 'federated-snapshot',
    heads: buildTree('heads', sorted(heads), pages),
    references: buildTree('references', sorted(references), pages),
    detailsDatumId: null,
  };
  return { snapshotId: transaction.putRecord(snapshot), snapshot };
}

/** Puts the federated snapshot of a store and keeps it, with all that it reaches, until its hold is removed. */
export function takeSnapshot(store: SnapshotHost): ReturnType<typeof putSnapshot> {
  return store.transact('snapshot', (transaction) => {
    const put = putSnapshot(transaction, partsOf(store));
    transaction.putHold({
      class: 'federated-snapshot',
      objectId: put.snapshotId,
      owner: SNAPSHOT_OWNER,
      reason: 'federated snapshot',
      expiresMs: null,
    });
    return put;
  });
}

function sorted<Entry extends readonly [string, unknown]>(entries: Iterable<Entry>): Entry[] {
  return [...entries].sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}
