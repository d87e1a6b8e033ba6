import { hashBytes, isDmlError, type ObjectClass } from '@daggerml/object-model';
import { isAnswer, type KnownOutcome } from '../cache/cache-lookup.ts';
import type { SharedOutcome } from '../cache/shared-cache.ts';
import { outcomeClosure } from '../objects/closure.ts';
import { decodeAs } from '../objects/decode-as.ts';
import { unpackObjects } from '../worker/packed-objects.ts';
import { type LookUpParts, takeOutcome } from './look-up.ts';
import type { CallEvent } from './machine.ts';
import { computedOf, type RunNode } from './run-node.ts';
import type { SharingNews } from './sharing.ts';

const mustRun: CallEvent = { type: 'must_run' };
const mustClaim: CallEvent = { type: 'must_claim' };
const claimed: CallEvent = { type: 'claimed' };

/** Returns the event that news are to the machine of their call, and assigns an outcome that was found. */
export function eventOfNews(news: SharingNews, isClaimable: boolean, parts: LookUpParts): CallEvent {
  const { type, node } = news;
  switch (type) {
    case 'looked-up': {
      const outcome = news.found && takeShared(node, news.found, parts);
      parts.objects.makeRoom();
      if (!outcome) return isClaimable ? mustClaim : mustRun;
      takeOutcome(node, outcome);
      computedOf(node).origin = news.found?.origin;
      return { type: 'outcome_made', status: outcome.status };
    }
    case 'claimed':
      return claimed;
    case 'claimed-elsewhere':
      return { type: 'claimed_elsewhere', afterMs: news.afterMs };
    case 'unclaimable':
      return mustRun;
  }
}

/**
 * Takes over an outcome of a shared cache; undefined, with nothing taken, where it is of something else or a part of
 * it is missing or damaged.
 */
function takeShared(
  node: RunNode,
  { execId, objects: packed }: SharedOutcome,
  { objects, cache }: LookUpParts,
): KnownOutcome | undefined {
  const received = new Map<string, Uint8Array>();
  for (const { bytes } of unpackObjects(packed)) received.set(hashBytes(bytes), bytes);
  try {
    const source = {
      getBytes: (objectClass: ObjectClass, id: string) =>
        received.get(id) ?? objects.getBytes(objectClass, id),
      missing: (objectClass: ObjectClass, id: string) => objects.missing(objectClass, id),
    };
    const bytes = source.getBytes('exec', execId);
    const exec = bytes && decodeAs('exec', bytes);
    // @spec DML-EXE-2367
    if (!isAnswer(node, exec) || exec.sourceExecId !== null) return undefined;
    // What the store has is put again, so that it stays.
    // @spec DML-EXE-0714
    for (const part of outcomeClosure(execId, source, [node.nodeId]))
      objects.putHashed(part.objectClass, part.objectId, part.bytes);
    return cache.ofShared(node, execId, exec);
  } catch (error) {
    // @spec DML-EXE-0715
    if (isDmlError(error)) return undefined;
    throw error;
  }
}
