import { type CommitId, treeEntries } from '@daggerml/object-model';
import { decodeCurrent } from '../../src/format/current.ts';
import { checkHash, filePath } from '../../src/format/file-path.ts';
import type { GroupEntry } from '../../src/format/group.ts';
import { IndexObject } from '../../src/format/index-object.ts';
import { isInTree } from '../../src/format/ref-trees.ts';
import { recordAt } from '../../src/format/segment.ts';
import type { RemoteState } from '../../src/format/state.ts';
import type { RefPush } from '../../src/push/plan-refs.ts';
import type { SimFiles, Watcher } from './sim-files.ts';
import { keyOf, type Universe } from './universe.ts';

/** Something that a process does, and what is known of it. */
export interface Work {
  readonly kind: 'push' | 'fetch' | 'collect';
  readonly process: string;
  readonly pushes: readonly RefPush[];
  /** Number of states that were in effect before it began and when it ended. */
  readonly began: number;
  ended: number | undefined;
  outcome: 'applied' | 'nothing' | 'failed' | 'unknown' | undefined;
  /** Numbers of the states by which it moved its refs, or collected. */
  readonly moves: number[];
}

/** A state that was in effect. */
interface Effective {
  readonly name: string;
  readonly state: RemoteState;
}

/** Thrown where a history breaks what a remote promises. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}

/** A judge of everything that takes effect on a remote, who knows all of it. */
export class Oracle implements Watcher {
  readonly works: Work[] = [];
  /** States that were in effect, in order. */
  readonly states: Effective[] = [];
  /** The first violation, whoever was running. */
  violation: Error | undefined;
  readonly #files: SimFiles;
  readonly #universe: Universe;
  readonly #writes = new Set<string>();
  readonly #targets = new Map<string, Set<CommitId>>();
  readonly #groups = new Map<string, ReadonlySet<string>>();
  readonly #pages = new Map<string, ReadonlyMap<string, Uint8Array>>();

  constructor(files: SimFiles, universe: Universe) {
    this.#files = files;
    this.#universe = universe;
    files.watcher = this;
  }

  get last(): Effective | undefined {
    return this.states.at(-1);
  }

  begin(kind: Work['kind'], process: string, pushes: readonly RefPush[] = []): Work {
    const work: Work = {
      kind,
      process,
      pushes,
      began: this.states.length,
      ended: undefined,
      outcome: undefined,
      moves: [],
    };
    this.works.push(work);
    return work;
  }

  /** Notes how a work ended, as its process was told. */
  end(work: Work, outcome: NonNullable<Work['outcome']>): void {
    work.ended = this.states.length;
    work.outcome = outcome;
    if (outcome === 'applied') assert(work.moves.length === 1, `${work.process}: applied, and has no effect`);
    else if (outcome !== 'unknown')
      assert(work.moves.length === 0, `${work.process}: ${outcome}, and has an effect`);
  }

  /** Checks that a state of which a process has been told was in effect while it worked. */
  checkSeen(work: Work, sequence: number): void {
    const { length } = this.states;
    assert(
      sequence >= work.began - 1 && sequence < length,
      `${work.process}: saw the state ${sequence}, while ${work.began - 1} to ${length - 1} were in effect`,
    );
  }

  /** Checks that a tracking ref is where the remote's ref has been. */
  checkTracking(process: string, branch: string, commitId: CommitId): void {
    const isKnown = this.#targets.get(`heads/${branch}`)?.has(commitId) === true;
    assert(isKnown, `${process}: its tracking ref is where ${branch} never was`);
  }

  onCurrent(bytes: Uint8Array, work: unknown): void {
    this.#guard(() => this.#checkCurrent(bytes, work as Work));
  }

  onRemove(path: string): void {
    this.#guard(() => {
      const { last } = this;
      if (last === undefined) return;
      const named = pathsOf(last.state).includes(path);
      assert(!named && path !== filePath('states', last.name), `${path} is deleted and in use`);
    });
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.violation ??= error as Error;
    }
  }

  #checkCurrent(bytes: Uint8Array, work: Work): void {
    const current = decodeCurrent(bytes, 'simulated');
    const { last } = this;
    const path = filePath('states', current.state);
    const stateBytes = this.#files.immutable.get(path);
    assert(stateBytes !== undefined, `${path} is in effect and not there`);
    checkHash(path, stateBytes, 'simulated');
    const state = this.#withAllRefs(JSON.parse(Buffer.from(stateBytes).toString('utf8')) as RemoteState);
    assert(state.previous === (last?.name ?? null), `${current.state} does not follow ${last?.name}`);
    assert(current.sequence === this.states.length, `sequence ${current.sequence}`);
    assert(!this.#writes.has(current.write), `the write ${current.write} takes effect twice`);
    this.#writes.add(current.write);
    this.states.push({ name: current.state, state });
    for (const [key, commitId] of Object.entries(state.refs)) {
      const seen = this.#targets.get(key);
      if (seen === undefined) this.#targets.set(key, new Set([commitId]));
      else seen.add(commitId);
    }
    this.#checkWork(work, last?.state, state);
    this.checkObjects(state);
  }

  /** Returns a state with the refs of its trees among its refs. */
  #withAllRefs(state: RemoteState): RemoteState {
    if (state.trees === undefined) return state;
    const pages = new Map<string, Uint8Array>();
    for (const group of state.groups)
      if (group.kind === 'refs') for (const [id, bytes] of this.#pagesOf(group)) pages.set(id, bytes);
    const refs: Record<string, CommitId> = { ...state.refs };
    const source = { getPage: (pageId: string) => pages.get(pageId) };
    for (const [kind, tree] of Object.entries(state.trees)) {
      if (tree === undefined) continue;
      const before = Object.keys(refs).length;
      for (const [name, commitId] of treeEntries('heads', tree.root, source))
        refs[`${kind}/${name}`] = commitId;
      assert(Object.keys(refs).length === before + tree.count, `a tree does not have ${tree.count} refs`);
      assert(isInTree(tree), 'few refs are in a tree');
    }
    return { ...state, refs };
  }

  #pagesOf({ index, segments }: GroupEntry): ReadonlyMap<string, Uint8Array> {
    const known = this.#pages.get(index);
    if (known !== undefined) return known;
    const found = new Map<string, Uint8Array>();
    const path = filePath('indexes', index);
    const bytesOf = (file: string): Uint8Array => {
      const bytes = this.#files.immutable.get(file);
      assert(bytes !== undefined, `${file} is listed and not there`);
      return bytes;
    };
    const rows = IndexObject.parse(bytesOf(path), { remote: 'simulated', path });
    for (let number = 0; number < rows.count; number += 1) {
      const row = rows.row(number);
      const segment = bytesOf(filePath('segments', segments[row.segment]?.file as string));
      found.set(row.id, recordAt(segment, row, { remote: 'simulated', path }));
    }
    this.#pages.set(index, found);
    return found;
  }

  /** Checks that a state is what a work may make of the one before. */
  #checkWork(work: Work, before: RemoteState | undefined, after: RemoteState): void {
    const { process } = work;
    const ended = work.outcome === undefined || work.outcome === 'unknown';
    assert(ended, `${process}: takes effect after it was ${work.outcome}`);
    const epoch = before?.epoch ?? 0;
    const refs: Record<string, CommitId> = { ...before?.refs };
    if (work.kind === 'collect') {
      assert(after.epoch === epoch + 1, `${process}: collects without a new epoch`);
      work.moves.push(after.sequence);
    } else {
      assert(work.kind === 'push', `${process}: a ${work.kind} writes`);
      assert(after.epoch === epoch, `${process}: a push changes the epoch`);
      if (!isSame(refs, after.refs)) {
        work.moves.push(after.sequence);
        for (const push of work.pushes) this.#move(process, push, refs);
      }
    }
    assert(work.moves.length <= 1, `${process}: takes effect twice`);
    assert(isSame(refs, after.refs), `${process}: moves refs that it does not push, or not all of them`);
  }

  #move(process: string, { ref, commitId, lease }: RefPush, refs: Record<string, CommitId>): void {
    const key = ref.slice('refs/'.length);
    const from = refs[key] ?? null;
    if (from !== commitId && from !== null && commitId !== null && lease === undefined)
      assert(this.#universe.isAncestor(from, commitId), `${process}: ${key} loses an update`);
    if (from !== commitId && lease !== undefined)
      assert(from === lease, `${process}: ${key} ignores its lease`);
    if (commitId === null) delete refs[key];
    else refs[key] = commitId;
  }

  /** Checks that everything that the refs of a state reach is in its groups, whole and right. */
  checkObjects(state: RemoteState): void {
    const there = state.groups.map((group) => this.#keysOf(group));
    const { tombstones } = this.#universe;
    for (const path of pathsOf(state))
      assert(this.#files.immutable.has(path), `${path} is listed and not there`);
    const commits = new Map(Object.entries(state.refs).map(([ref, commitId]) => [commitId, ref]));
    for (const [commitId, ref] of commits)
      for (const key of this.#universe.closure(commitId))
        assert(
          tombstones.has(key) || there.some((keys) => keys.has(key)),
          `${ref} of the state ${state.sequence} reaches the ${key}, which no group has`,
        );
  }

  /** Returns the objects of a group whose files are there. */
  #keysOf(group: GroupEntry): ReadonlySet<string> {
    let keys = this.#groups.get(group.index);
    if (keys !== undefined) return keys;
    const bytesOf = (path: string): Uint8Array => {
      const bytes = this.#files.immutable.get(path) as Uint8Array;
      checkHash(path, bytes, 'simulated');
      return bytes;
    };
    const path = filePath('indexes', group.index);
    const index = IndexObject.parse(bytesOf(path), { remote: 'simulated', path });
    const segments = group.segments.map(({ file }) => bytesOf(filePath('segments', file)));
    const found = new Set<string>();
    for (let number = 0; number < index.count; number += 1) {
      const row = index.row(number);
      recordAt(segments[row.segment] as Uint8Array, row, { remote: 'simulated', path });
      found.add(keyOf(row.class, row.id));
    }
    keys = found;
    this.#groups.set(group.index, keys);
    return keys;
  }

  /** Checks what became of every work, once no request is under way. */
  checkWorks(): void {
    for (const { kind, process, outcome, moves } of this.works) {
      const isRight =
        outcome === 'applied'
          ? moves.length === 1
          : outcome === 'unknown' || outcome === undefined || moves.length === 0;
      assert(isRight, `${process}: a ${kind} was ${outcome} and has ${moves.length} effects`);
    }
  }

  /** Checks that the remote has the files of its last state and of its journal, and no others. */
  checkFiles(keptStates: number): void {
    const { state } = this.last as Effective;
    const needed = new Set(pathsOf(state));
    for (const { name } of this.states.slice(-keptStates)) needed.add(filePath('states', name));
    for (const path of needed) assert(this.#files.immutable.has(path), `${path} is needed and not there`);
    for (const path of this.#files.immutable.keys()) assert(needed.has(path), `${path} is left over`);
  }
}

function pathsOf({ absences, groups }: RemoteState): string[] {
  return [
    ...(absences === null ? [] : [filePath('absences', absences)]),
    ...groups.flatMap(({ index, segments }) => [
      filePath('indexes', index),
      ...segments.map(({ file }) => filePath('segments', file)),
    ]),
  ];
}

function isSame(
  left: Readonly<Record<string, CommitId>>,
  right: Readonly<Record<string, CommitId>>,
): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}
