import { isLeftOut } from '@daggerml/store';
import type { Link } from '../format/link.ts';
import { readIndex } from '../levels/merge-groups.ts';
import type { Remote } from '../remote.ts';
import type { RemoteSnapshot } from '../state/read-snapshot.ts';
import type { FetchHost } from './fetch-host.ts';
import type { FetchCounts } from './fetch-stream.ts';
import { LeftOutObjects } from './left-out-objects.ts';

/** States of a remote around a fetch. */
interface Fetched {
  readonly snapshot: RemoteSnapshot;
  readonly recalled: RemoteSnapshot | undefined;
  readonly counts: FetchCounts;
}

/**
 * Brings objects that a domain withheld and that groups of a new state offer, whether a ref has moved or not. What this
 * repository has left out stays where it is until it is asked for.
 *
 * @spec DML-REM-1310
 */
export async function fillOffered(
  remote: Remote,
  store: FetchHost,
  { snapshot, recalled, counts }: Fetched,
): Promise<void> {
  const seen = new Set(recalled?.state.groups.map(({ index }) => index));
  const roots: Link[] = [];
  for (const group of snapshot.state.groups) {
    if (group.kind === 'cache' || seen.has(group.index)) continue;
    const index = await readIndex(remote.files, group);
    counts.requests += 1;
    // What a collection has removed by now is looked at by the next fetch, in what took its place.
    if (index === undefined) continue;
    for (let number = 0; number < index.count; number += 1) {
      const { class: objectClass, id } = index.row(number);
      const stub = store.getStub(objectClass, id);
      if (stub !== undefined && !isLeftOut(stub.domain)) roots.push({ class: objectClass, id });
    }
  }
  const objects = new LeftOutObjects(remote, { store });
  await objects.bring(roots);
  counts.requests += objects.counts.requests;
  counts.bytes += objects.counts.bytes;
  counts.objects += objects.counts.objects;
}
