import { type ChunkId, type CommitId, isDmlError, type ObjectClass } from '@daggerml/object-model';
import { linksIn } from '../cache/walk-outcome.ts';
import { remoteError } from '../errors.ts';
import { assertInternal } from '../federation/remote-purpose.ts';
import type { GroupEntry } from '../format/group.ts';
import type { Link, LinkedObject } from '../format/link.ts';
import { GroupWriter } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';
import { type RemoteSnapshot, readSince } from '../state/read-snapshot.ts';
import { ObjectsOfState } from './objects-of-state.ts';

/** Source of what commits reach. */
export interface CommitSource {
  getBytes(objectClass: ObjectClass, id: string): Uint8Array | undefined;
  /** Returns the error of an object that it lacks. */
  missing?(objectClass: ObjectClass, id: string): Error;
  /** Brings chunks that were left out; rejects where no remote of the repository has them. */
  bringChunks?(chunkIds: readonly ChunkId[]): Promise<void> | undefined;
}

/** A commit to send; what `left` names is with whoever reads it. */
export interface CommitToSend {
  readonly commitId: CommitId;
  readonly left?: CommitId | undefined;
}

/** A commit that was sent, with the groups that hold it; or one that was not, since something of it is not to be had. */
export type SentCommit = { readonly groups: readonly GroupEntry[] } | { readonly error: Error };

/** Objects that are remembered as put, with the groups of all that each reaches. */
const MAX_KNOWN = 500_000;
/** Time after which what could not be brought is asked for again. */
const ASK_AGAIN_MS = 60_000;
const MAX_UNBROUGHT = 10_000;

/** Reason why a commit cannot be sent, while others can. */
interface Lack {
  readonly error: Error;
}

interface Step {
  readonly object: LinkedObject;
  readonly links: readonly Link[];
  next: number;
  /** Numbers of the groups that hold what the object reaches, itself included. */
  groups: readonly number[];
}

/**
 * Puts what commits reach, for whoever reads exec refs; what this process has put before is not put again.
 *
 * The groups are in no state: a collection keeps those that exec refs name.
 */
export class CommitSender {
  readonly #remote: Remote;
  #snapshot: RemoteSnapshot | undefined;
  #epoch = -1;
  #groups: (GroupEntry | undefined)[] = [];
  /** By id; ids of classes differ. */
  #known = new Map<string, readonly number[]>();
  /** Numbers of groups of the state, by the names of their index objects. */
  #numbersInState = new Map<string, number>();
  /** Groups of the state that hold what this repository has left out. */
  readonly #ofState: ObjectsOfState;
  /** Objects with chunks that were asked for and could not be brought, by id. */
  readonly #unbrought = new Map<string, { readonly lack: Lack; readonly askedMs: number }>();
  #sending: Promise<unknown> = Promise.resolve();

  constructor(remote: Remote) {
    this.#remote = remote;
    this.#ofState = new ObjectsOfState(remote);
  }

  /**
   * Puts what commits reach and `left` does not name, and returns the groups that hold it, for each commit. What was left
   * out here is taken from where the remote has it, or else brought first. A commit of which something cannot be had is
   * returned with the reason: `object_withheld`, or `remote_refused` with `incomplete` where an object is missing here.
   *
   * @spec DML-REM-1806
   */
  send(commits: readonly CommitToSend[], source: CommitSource): Promise<readonly SentCommit[]> {
    const send = (): Promise<readonly SentCommit[]> => this.#send(commits, source);
    const sent = this.#sending.then(send, send);
    this.#sending = sent;
    return sent;
  }

  async #send(commits: readonly CommitToSend[], source: CommitSource): Promise<readonly SentCommit[]> {
    this.#snapshot = (await readSince(this.#remote.files, this.#snapshot)).snapshot;
    assertInternal(this.#snapshot.state, this.#remote.files.name);
    const { epoch } = this.#snapshot.state;
    // Files of an earlier epoch may be gone.
    // @spec DML-REM-1807
    if (epoch !== this.#epoch || this.#known.size > MAX_KNOWN) this.forget();
    this.#epoch = epoch;
    const writer = new GroupWriter(this.#remote, { epoch, kind: 'loose' });
    const number = this.#groups.length;
    this.#groups.push(undefined);
    const lacking = new Map<string, Lack>();
    try {
      const held: (readonly number[] | Lack)[] = [];
      for (const { commitId, left } of commits)
        held.push(
          await this.#walk({ class: 'commit', id: commitId }, { left, source, writer, number, lacking }),
        );
      this.#groups[number] = await writer.finish();
      // What is put of a commit that lacks something is of use for others.
      // @spec DML-REM-1851
      return held.map((each) =>
        'error' in each ? each : { groups: each.flatMap((at) => this.#groups[at] ?? []) },
      );
    } catch (error) {
      this.forget();
      throw error;
    } finally {
      await writer.abandon();
    }
  }

  /** Forgets what was put, so that all is put again. */
  forget(): void {
    this.#known = new Map();
    this.#groups = [];
    this.#numbersInState = new Map();
    this.#ofState.forget();
  }

  /**
   * Puts an object after all that it reaches, and returns the numbers of the groups that hold it. Objects that lack
   * something are added to `lacking`.
   */
  async #walk(
    root: Link,
    {
      left,
      source,
      writer,
      number,
      lacking,
    }: {
      readonly left: CommitId | undefined;
      readonly source: CommitSource;
      readonly writer: GroupWriter;
      readonly number: number;
      readonly lacking: Map<string, Lack>;
    },
  ): Promise<readonly number[] | Lack> {
    const own: readonly number[] = [number];
    const open: Step[] = [];
    const enter = (link: Link): readonly number[] | Lack | 'absent' | undefined => {
      if (link.id === left) return [];
      const known = this.#known.get(link.id) ?? lacking.get(link.id);
      if (known !== undefined) return known;
      const bytes = source.getBytes(link.class, link.id);
      if (bytes === undefined) return 'absent';
      const object = { ...link, bytes };
      const links = linksIn(object);
      if (links === undefined) return { error: this.#incomplete(link) };
      open.push({ object, links, next: 0, groups: own });
      return undefined;
    };
    const first = enter(root);
    if (first === 'absent') return this.#missing(root, source);
    if (first !== undefined) return first;
    for (let step = open.at(-1); step !== undefined; step = open.at(-1)) {
      const link = step.links[step.next];
      if (link !== undefined) {
        let known = enter(link);
        if (known === 'absent') known = (await this.#elsewhere(step, source)) ?? enter(link);
        if (known === 'absent') known = this.#missing(link, source);
        if (known !== undefined && 'error' in known) {
          for (const { object } of open) lacking.set(object.id, known);
          return known;
        }
        if (known !== undefined) step.groups = union(step.groups, known);
        step.next += 1;
        continue;
      }
      open.pop();
      const put = writer.add(step.object);
      if (put !== undefined) await put;
      this.#known.set(step.object.id, step.groups);
      const above = open.at(-1);
      if (above !== undefined) above.groups = union(above.groups, step.groups);
    }
    return this.#known.get(root.id) ?? own;
  }

  /**
   * Returns the number of the group of the state that has the next chunk of an object, which is not here; where there is none,
   * brings it with those that follow and returns undefined, or why that cannot be done.
   *
   * @spec DML-REM-1820
   */
  async #elsewhere(
    { object, links, next }: Step,
    source: CommitSource,
  ): Promise<readonly number[] | Lack | undefined> {
    const link = links[next] as Link;
    // Only what reaches nothing else is known to be whole there.
    if (link.class !== 'chunk') return undefined;
    const number = await this.#numberInState(link);
    if (number !== undefined) {
      this.#known.set(link.id, [number]);
      return [number];
    }
    const nowMs = this.#remote.clock.now();
    const asked = this.#unbrought.get(object.id);
    // @spec DML-REM-1852
    if (asked !== undefined && Math.abs(nowMs - asked.askedMs) < ASK_AGAIN_MS) return asked.lack;
    // @spec DML-REM-1821
    const chunks = links.slice(next).filter((each) => each.class === 'chunk');
    try {
      await source.bringChunks?.(chunks.map(({ id }) => id as ChunkId));
      this.#unbrought.delete(object.id);
      return undefined;
    } catch (error) {
      if (!isDmlError(error, 'object_withheld')) throw error;
      if (this.#unbrought.size >= MAX_UNBROUGHT) this.#unbrought.clear();
      this.#unbrought.set(object.id, { lack: { error }, askedMs: nowMs });
      return { error };
    }
  }

  async #numberInState(link: Link): Promise<number | undefined> {
    const group = await this.#ofState.groupOf(link, this.#snapshot as RemoteSnapshot);
    if (group === undefined) return undefined;
    const number = this.#numbersInState.get(group.index) ?? this.#groups.push(group) - 1;
    this.#numbersInState.set(group.index, number);
    return number;
  }

  #missing(link: Link, source: CommitSource): Lack {
    const error = source.missing?.(link.class, link.id);
    return {
      error: error === undefined || isDmlError(error, 'object_missing') ? this.#incomplete(link) : error,
    };
  }

  #incomplete({ class: objectClass, id }: Link): Error {
    return remoteError('remote_refused', {
      remote: this.#remote.files.name,
      operation: 'be sent a job',
      reason: `this repository lacks the ${objectClass} ${id.slice(0, 12)}, which it needs`,
      detail: 'incomplete',
    });
  }
}

/** Returns the numbers of both, one of the two where it has all. */
function union(left: readonly number[], right: readonly number[]): readonly number[] {
  const added = right.filter((number) => !left.includes(number));
  return added.length === 0 ? left : [...left, ...added];
}
