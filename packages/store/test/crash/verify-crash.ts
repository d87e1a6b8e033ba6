import { type CommitId, decodeRecord, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import { readNewestMeta } from '../../src/engine/meta-page.ts';
import { checkPages } from '../../src/engine/page-check.ts';
import { linksOf } from '../../src/objects/links.ts';
import { openStore } from '../../src/open-store.ts';
import { asRefName } from '../../src/refs/ref-name.ts';
import type { Store } from '../../src/store.ts';
import { verifyStore } from '../../src/verify/verify-store.ts';
import type { WorkerLine } from './protocol.ts';

/** State of a store after its users were killed or failed. */
export interface CrashVerdict {
  readonly objects: number;
  /** Every promise that did not hold, in words. */
  readonly broken: readonly string[];
}

function firstParents(store: Store, from: CommitId | undefined): Set<string> {
  const chain = new Set<string>();
  for (let next = from; next !== undefined && !chain.has(next); ) {
    chain.add(next);
    next = decodeRecord(store.read('commit', next), 'commit').parentCommitIds[0];
  }
  return chain;
}

/** Visits everything refs reach; an object that is wrong, or missing and not withheld, throws. */
function countReachable(store: Store): number {
  const seen = new Set<string>();
  const left: { class: ObjectClass; id: ObjectId }[] = [];
  for (const ref of store.readRefs()) left.push({ class: 'commit', id: ref.commitId });
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const key = `${next.class} ${next.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (store.getStub(next.class, next.id) !== undefined) continue;
    left.push(...linksOf(store.read(next.class, next.id), next.class));
  }
  return seen.size;
}

/** Opens a store as the next user would, without any repair, and compares it with what its users were told. */
export async function verifyCrash(path: string, lines: readonly WorkerLine[]): Promise<CrashVerdict> {
  const broken: string[] = [];
  let store: Store;
  try {
    store = await openStore(path, { mode: 'write', program: 'verify' });
  } catch (error) {
    return { objects: 0, broken: [`does not open: ${(error as Error).message}`] };
  }
  const acks = lines.filter((line) => line.kind === 'ack');
  let objects = 0;
  try {
    const { file } = store.engine;
    const meta = file.readMeta();
    checkPages(file.readAt, readNewestMeta(file.readAt, (meta.lastPage + 1) * meta.pageBytes));
    const chains = new Map<string, Set<string>>();
    for (const { ref } of acks) {
      if (!chains.has(ref)) chains.set(ref, firstParents(store, store.getRef(asRefName(ref))?.commitId));
    }
    for (const ack of acks) {
      if (!chains.get(ack.ref)?.has(ack.commitId)) broken.push(`lost ${ack.commitId} on ${ack.ref}`);
    }
    for (const line of lines) {
      if (line.kind === 'failed' && line.commitId !== null && store.has('commit', line.commitId as never)) {
        broken.push(`visible though reported as failed: ${line.commitId}`);
      }
      if (line.kind === 'aftermath' && !(line.poisoned && line.invisible && line.readable)) {
        broken.push(`after a failure: ${JSON.stringify(line)}`);
      }
    }
    objects = countReachable(store);
    await verifyStore(store, {
      // An import that was cut off leaves objects whose links are still to come; no ref reaches them.
      onFinding: (finding) => broken.push(JSON.stringify(finding)),
      onLeftover: (finding) => {
        if (finding.code !== 'link_broken') broken.push(JSON.stringify(finding));
      },
    });
    store.transact('write again', (transaction) => transaction.setMeta('head', 'refs/heads/main'));
  } catch (error) {
    broken.push(`${(error as Error).message} ${(error as Error).stack?.split('\n')[1]?.trim()}`);
  } finally {
    await store.close();
  }
  return { objects, broken };
}
