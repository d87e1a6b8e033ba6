import { type CommitId, type CommitRecord, decodeRecord } from '@daggerml/object-model';
import { type OutgoingHost, type StubFacts, withheldError } from '@daggerml/store';
import type { FetchSource } from '../fetch/fetch-stream.ts';
import { GroupIndexes } from '../fetch/group-indexes.ts';
import { type Link, LinkSet } from '../format/link.ts';
import type { RemoteState } from '../format/state.ts';
import type { Remote } from '../remote.ts';

/** Objects of a push that were left out here, and the remote that should have them. */
interface LeftOutHere {
  readonly groups: RemoteState['groups'];
  /** Commits of the refs of the remote. */
  readonly tips: readonly CommitId[];
  readonly leftOut: readonly StubFacts[];
}

/**
 * Checks that a remote has what this repository has left out: the objects themselves, and commits where its refs reach
 * them, since a group may still hold a commit without what it reached. Throws `object_withheld` with `left_out`.
 *
 * @spec DML-REM-0957
 */
export async function assertThere(
  { files }: Remote,
  store: OutgoingHost,
  { groups, tips, leftOut }: LeftOutHere,
): Promise<void> {
  if (leftOut.length === 0) return;
  const source: FetchSource = { files, counts: { requests: 0, bytes: 0, objects: 0 } };
  const indexes = await GroupIndexes.read(
    source,
    groups.filter(({ kind }) => kind !== 'cache'),
  );
  for (const stub of leftOut)
    if (!indexes.has(stub.class, stub.objectId)) throw withheldError(stub, `${files.name} does not`);
  const commits = leftOut.filter((stub) => stub.class === 'commit');
  const unreached = new Set<string>(commits.map(({ objectId }) => objectId));
  const seen = new LinkSet();
  let level: Link[] = tips.map((id) => ({ class: 'commit', id }));
  while (unreached.size > 0 && level.length > 0) {
    const parents: Link[] = [];
    const enter = ({ parentCommitIds }: CommitRecord): void => {
      for (const id of parentCommitIds) parents.push({ class: 'commit', id });
    };
    const absent: Link[] = [];
    for (const link of level) {
      if (!seen.add(link)) continue;
      unreached.delete(link.id);
      const record = store.getRecord('commit', link.id as CommitId);
      if (record === undefined) absent.push(link);
      else enter(record);
    }
    for await (const { bytes } of indexes.readObjects(source, absent)) enter(decodeRecord(bytes, 'commit'));
    level = parents;
  }
  const lost = commits.find(({ objectId }) => unreached.has(objectId));
  if (lost !== undefined) throw withheldError(lost, `no branch of ${files.name} reaches it any more`);
}
