import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type ExecId,
  type LeafEntries,
  type NodeId,
  type TreeChange,
  type TreeRoot,
  treeDiff,
  treeEdit,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { ifReadable } from '../objects/if-readable.ts';
import type { CommitFacts } from './commit-facts.ts';
import { dagsReaching, nodesOf } from './dags-reaching.ts';
import type { Draft } from './draft.ts';
import { changeTo, mergeRole, type RoleConflict } from './merge-role.ts';

/** The content of a commit: its dags, pins and requests. */
export interface CommitContent {
  readonly dags: TreeRoot<'dags'>;
  readonly pins: TreeRoot<'pins'>;
  readonly requests: TreeRoot<'requests'>;
}

/** Something both sides changed differently. */
export type MergeConflict =
  | {
      readonly kind: 'dag';
      readonly name: string;
      readonly ours: DagId | undefined;
      readonly theirs: DagId | undefined;
    }
  | {
      readonly kind: 'pin';
      readonly nodeId: NodeId;
      readonly ours: ExecId | undefined;
      readonly theirs: ExecId | undefined;
      /** The dags of either side that reach the node. */
      readonly dagNames: readonly string[];
    };

/** Decides one conflict; undefined leaves it open. */
export type Settle = (conflict: MergeConflict) => 'ours' | 'theirs' | undefined;

/** The result of a merge: contents without any conflict, or the conflicts nobody settled. */
export type ContentMerge =
  | { readonly state: 'merged'; readonly content: CommitContent }
  | { readonly state: 'conflicts'; readonly conflicts: readonly MergeConflict[] };

/** Reads what a commit holds; undefined stands for the empty content before the first commit. */
export function contentOf(draft: Draft, commitId: CommitId | undefined): CommitContent {
  if (commitId === undefined) return { dags: [], pins: [], requests: [] };
  const { treeId, pins, requests } = draft.read('commit', commitId);
  return { dags: draft.read('tree', treeId).dags, pins, requests };
}

/** The contents of a merge: ours, theirs, and those of the merge bases. */
export interface MergeSides {
  readonly bases: readonly CommitContent[];
  readonly ours: CommitContent;
  readonly theirs: CommitContent;
}

/**
 * Merges dags, pins and requests three ways; new pages go into the draft.
 * What only one side changed is taken, what both changed alike too; anything else is a conflict.
 */
export function mergeContents(
  draft: Draft,
  sides: MergeSides,
  settle: Settle = () => undefined,
): ContentMerge {
  const { bases, ours, theirs } = sides;
  // @spec DML-STO-0641
  const dags = mergeRole('dags', rootsOf(bases, 'dags'), { ours: ours.dags, theirs: theirs.dags }, draft);
  // @spec DML-STO-0644
  const pins = mergeRole('pins', rootsOf(bases, 'pins'), { ours: ours.pins, theirs: theirs.pins }, draft);
  const requests = mergeRole(
    'requests',
    rootsOf(bases, 'requests'),
    { ours: ours.requests, theirs: theirs.requests },
    draft,
  );
  const nodeIds = new Set(pins.conflicts.map((conflict) => conflict.key));
  const reaching =
    nodeIds.size === 0 ? new Map() : dagsReaching(draft, dagsOf(draft, [ours, theirs]), nodeIds);
  const dagSettled = settleAll(dags.conflicts, describeDag, settle);
  const pinSettled = settleAll(pins.conflicts, (conflict) => describePin(conflict, reaching), settle);
  const open = [...dagSettled.open, ...pinSettled.open];
  if (open.length > 0) return { state: 'conflicts', conflicts: open };
  const mergedDags = treeEdit('dags', dags.root, dagSettled.changes, draft);
  const mergedPins = treeEdit('pins', pins.root, pinSettled.changes, draft);
  const needed = neededPins(draft, [ours, theirs], { dags: mergedDags, pins: mergedPins });
  // A pin too many does no harm, where a dag cannot be read to its end.
  const unneeded =
    ifReadable(() => unneededPins(draft, dagSettled.left, { dags: mergedDags, pins: mergedPins })) ?? [];
  return {
    state: 'merged',
    content: {
      dags: mergedDags,
      pins: treeEdit('pins', mergedPins, [...needed, ...unneeded], draft),
      requests: treeEdit(
        'requests',
        requests.root,
        requests.conflicts.map((conflict) =>
          changeTo<'requests'>(conflict.key, laterRequest(draft, conflict)),
        ),
        draft,
      ),
    },
  };
}

/**
 * Returns the pins that a merge lost although a dag of it reaches their nodes: one side took out what only its own dags
 * needed no more. Such a dag is another one than that side has, so only dags that differ are read.
 *
 * @spec DML-BND-1860
 */
function neededPins(
  draft: Draft,
  sides: readonly CommitContent[],
  merged: Pick<CommitContent, 'dags' | 'pins'>,
): TreeChange<'pins'>[] {
  const lost = new Map<NodeId, LeafEntries['pins']>();
  const dags: LeafEntries['dags'][] = [];
  for (const side of sides) {
    for (const { before, after } of treeDiff('pins', side.pins, merged.pins, draft))
      if (before !== undefined && after === undefined) lost.set(before[0], before);
    for (const { after } of treeDiff('dags', side.dags, merged.dags, draft)) if (after) dags.push(after);
  }
  if (lost.size === 0) return [];
  const reaching = dagsReaching(draft, dags, new Set(lost.keys()));
  return [...lost].flatMap(([nodeId, set]) => (reaching.get(nodeId)?.length ? [{ set }] : []));
}

/**
 * Returns the pins that only dags needed which a merge has not taken.
 *
 * @spec DML-CLI-2009
 */
function unneededPins(
  draft: Draft,
  left: readonly LeafEntries['dags'][],
  merged: Pick<CommitContent, 'dags' | 'pins'>,
): TreeChange<'pins'>[] {
  const nodeIds = new Set<NodeId>();
  for (const [, dagId] of left)
    for (const nodeId of nodesOf(draft, dagId))
      if (treeGet('pins', merged.pins, nodeId, draft) !== undefined) nodeIds.add(nodeId);
  if (nodeIds.size === 0) return [];
  const reaching = dagsReaching(draft, treeEntries('dags', merged.dags, draft), nodeIds);
  return [...reaching].flatMap(([deleteKey, names]) => (names.length === 0 ? [{ deleteKey }] : []));
}

function* dagsOf(draft: Draft, sides: readonly CommitContent[]): Generator<LeafEntries['dags']> {
  for (const { dags } of sides) yield* treeEntries('dags', dags, draft);
}

function rootsOf<Role extends keyof CommitContent>(
  bases: readonly CommitContent[],
  role: Role,
): CommitContent[Role][] {
  return bases.map((base) => base[role]);
}

/** Conflicts of one role after they were settled as far as they were. */
interface Settled<Role extends 'dags' | 'pins'> {
  readonly open: MergeConflict[];
  readonly changes: ReturnType<typeof changeTo<Role>>[];
  /** Entries of the sides that were not taken. */
  readonly left: LeafEntries[Role][];
}

function settleAll<Role extends 'dags' | 'pins'>(
  conflicts: readonly RoleConflict<Role>[],
  describe: (conflict: RoleConflict<Role>) => MergeConflict,
  settle: Settle,
): Settled<Role> {
  const open: MergeConflict[] = [];
  const changes: ReturnType<typeof changeTo<Role>>[] = [];
  const left: LeafEntries[Role][] = [];
  for (const conflict of conflicts) {
    const described = describe(conflict);
    // @spec DML-STO-0648
    const side = settle(described);
    if (side === undefined) {
      open.push(described);
      continue;
    }
    changes.push(changeTo<Role>(conflict.key, conflict[side]));
    const other = conflict[side === 'ours' ? 'theirs' : 'ours'];
    if (other !== undefined) left.push(other);
  }
  return { open, changes, left };
}

// @spec DML-STO-0643
function describeDag({ key, ours, theirs }: RoleConflict<'dags'>): MergeConflict {
  return { kind: 'dag', name: key, ours: ours?.[1], theirs: theirs?.[1] };
}

function describePin(
  { key, ours, theirs }: RoleConflict<'pins'>,
  reaching: ReadonlyMap<NodeId, readonly string[]>,
): MergeConflict {
  // @spec DML-STO-0645
  return {
    kind: 'pin',
    nodeId: key,
    ours: ours?.[1],
    theirs: theirs?.[1],
    dagNames: reaching.get(key) ?? [],
  };
}

/** Returns the later of two requests, which serves to find a submitted call again; equal times go by id. */
function laterRequest(draft: Draft, conflict: RoleConflict<'requests'>): LeafEntries['requests'] | undefined {
  const { ours, theirs } = conflict;
  if (ours === undefined || theirs === undefined) return ours ?? theirs;
  const ourMs = draft.read('exec-request', ours[1]).createdMs;
  const theirMs = draft.read('exec-request', theirs[1]).createdMs;
  // @spec DML-STO-0647
  if (ourMs !== theirMs) return ourMs > theirMs ? ours : theirs;
  return ours[1] < theirs[1] ? ours : theirs;
}

/** Drafts a commit that holds a content, and returns its id. */
export function draftCommit(
  draft: Draft,
  { dags, pins, requests }: CommitContent,
  facts: CommitFacts & Pick<CommitRecord, 'parentCommitIds'>,
): CommitId {
  return draft.put({ ...facts, type: 'commit', treeId: draft.put({ type: 'tree', dags }), pins, requests });
}
