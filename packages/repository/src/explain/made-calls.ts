import {
  type ExecId,
  type NodeId,
  type TreeRoot,
  treeDiff,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import type { HistoryCommit } from '../workspace/history.ts';
import type { CallExec, CallPlace } from './call-place.ts';
import type { ExplainSource } from './call-side.ts';

/** A call, and the calls whose functions made it, from the innermost to that of a dag. */
interface MadeNode {
  readonly nodeId: NodeId;
  /** Undefined where there is none, or any will do. */
  readonly execId: ExecId | undefined;
  readonly madeBy?: MadeNode;
}

/** Outcome of a call whose function has made calls. */
interface Maker {
  readonly call: MadeNode;
  readonly exec: CallExec;
}

/** Iterates a call and those that functions below it have made, at any depth, as far as they have made calls themselves. */
export function* execsMadeBelow(
  source: ExplainSource,
  top: MadeNode,
  seen: Set<ExecId>,
): Generator<Maker, void, undefined> {
  const open: MadeNode[] = [top];
  for (let call = open.pop(); call !== undefined; call = open.pop()) {
    const { execId } = call;
    if (execId === undefined || seen.has(execId)) continue;
    seen.add(execId);
    const exec = ifReadable(() => source.read('exec', execId));
    if (exec?.nodeKind !== 'call' || exec.pins.length === 0) continue;
    yield { call, exec };
    for (const [nodeId, madeId] of treeEntries('pins', exec.pins, source))
      if (!seen.has(madeId)) open.push({ nodeId, execId: madeId, madeBy: call });
  }
}

/**
 * Finds the first of some commits in which a function has made a call, with the calls around it. Each outcome is read
 * once: O(outcomes that the commits have).
 */
export function findMadeCall(
  source: ExplainSource,
  commits: Iterable<HistoryCommit>,
  { nodeId, execId }: MadeNode,
): CallPlace | undefined {
  const seen = new Set<ExecId>();
  let known: TreeRoot<'pins'> = [];
  for (const { commitId, commit } of commits) {
    for (const { after } of treeDiff('pins', known, commit.pins, source)) {
      if (after === undefined) continue;
      for (const { call, exec } of execsMadeBelow(source, { nodeId: after[0], execId: after[1] }, seen)) {
        const pinned = treeGet('pins', exec.pins, nodeId, source)?.[1];
        if (pinned === undefined || (execId ?? pinned) !== pinned) continue;
        return placeOf({ nodeId, execId: pinned, madeBy: call }, commitId);
      }
    }
    known = commit.pins;
  }
  return undefined;
}

function placeOf({ nodeId, madeBy }: MadeNode, commitId: CallPlace['commitId']): CallPlace {
  const maker = madeBy && placeOf(madeBy, commitId);
  return { nodeId, commitId, dagName: undefined, ...(maker && { madeBy: maker }) };
}
