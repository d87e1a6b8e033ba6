import {
  type CallExec,
  type CommitId,
  type ExecId,
  executionKey,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import { execHeadOf } from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';
import { indexPins, runIndexRef, workNameOf } from './run-index.ts';

/** A call whose recorded outcome is a failure. */
export interface FailedExec {
  readonly execId: ExecId;
  readonly exec: CallExec;
}

/** A failure, with the work that the call failed in. */
export interface FailedOutcome extends FailedExec {
  readonly workName: string;
}

/** Lists the failures that runs left in work in progress, for which no success is known. */
export function workFailures(objects: RunObjects): FailedOutcome[] {
  return openWork(objects).flatMap(({ workName, commitId }) => {
    const newest = new Map(indexPins(commitId, objects));
    return failures(newest.values(), objects).map((failed) => ({ workName, ...failed }));
  });
}

/** Lists the work of which a run left outcomes that no commit has yet. */
export function openWork(objects: RunObjects): { readonly workName: string; readonly commitId: CommitId }[] {
  return objects.store.readRefs('index').flatMap(({ name, commitId }) => {
    const workName = workNameOf(objects.get('commit', commitId)?.message);
    // Other indexes hold no outcomes of a run.
    return workName !== undefined && runIndexRef(workName) === name ? [{ workName, commitId }] : [];
  });
}

/** Lists the failures of calls that a pins map names, for which no success is known. */
export function pinnedFailures(pins: TreeRoot<'pins'>, objects: RunObjects): FailedExec[] {
  return failures(
    Array.from(treeEntries('pins', pins, objects), ([, execId]) => execId),
    objects,
  );
}

function failures(execIds: Iterable<ExecId>, objects: RunObjects): FailedExec[] {
  const found: FailedExec[] = [];
  for (const execId of execIds) {
    const bytes = objects.getPresentBytes('exec', execId);
    // Nearly all are successes, which shows without decoding them.
    if (!bytes || execHeadOf(bytes)?.status === 'ok') continue;
    const exec = objects.getPresent('exec', execId);
    if (exec?.nodeKind === 'call' && exec.status === 'error' && !hasSucceeded(exec, objects))
      found.push({ execId, exec });
  }
  return found;
}

function hasSucceeded({ functionDatumId, inputs }: CallExec, objects: RunObjects): boolean {
  const known = objects.store.cacheEntries(executionKey(functionDatumId, inputs));
  return known.some((execId) => objects.getPresent('exec', execId)?.status === 'ok');
}
