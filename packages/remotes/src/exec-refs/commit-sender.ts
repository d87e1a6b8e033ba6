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

/** Objects that are remembered as put, with the groups of all that each reaches. */
const MAX_KNOWN = 500_000;

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
  #sending: Promise<unknown> = Promise.resolve();

  constructor(remote: Remote) {
    this.#remote = remote;
    this.#ofState = new ObjectsOfState(remote);
  }

  /**
   * Puts what commits reach and `left` does not name, and returns the groups that hold it, for each commit. What was left
   * out here is taken from where the remote has it, or else brought first. Throws `object_withheld` for what cannot be had,
   * and `remote_refused` with `incomplete` where an object is missing here.
   *
   * @spec DML-REM-1806
   */
  send(
    commits: readonly { readonly commitId: CommitId; readonly left?: CommitId | undefined }[],
    source: CommitSource,
  ): Promise<readonly (readonly GroupEntry[])[]> {
    const send = (): Promise<readonly (readonly GroupEntry[])[]> => this.#send(commits, source);
    const sent = this.#sending.then(send, send);
    this.#sending = sent;
    return sent;
  }

  async #send(
    commits: readonly { readonly commitId: CommitId; readonly left?: CommitId | undefined }[],
    source: CommitSource,
  ): Promise<readonly (readonly GroupEntry[])[]> {
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
    try {
      const held: (readonly number[])[] = [];
      for (const { commitId, left } of commits)
        held.push(await this.#walk({ class: 'commit', id: commitId }, { left, source, writer, number }));
      this.#groups[number] = await writer.finish();
      return held.map((numbers) => numbers.flatMap((each) => this.#groups[each] ?? []));
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

  /** Puts an object after all that it reaches, and returns the numbers of the groups that hold it. */
  async #walk(
    root: Link,
    {
      left,
      source,
      writer,
      number,
    }: {
      readonly left: CommitId | undefined;
      readonly source: CommitSource;
      readonly writer: GroupWriter;
      readonly number: number;
    },
  ): Promise<readonly number[]> {
    const own: readonly number[] = [number];
    const open: Step[] = [];
    const enter = (link: Link): readonly number[] | 'absent' | undefined => {
      if (link.id === left) return [];
      const known = this.#known.get(link.id);
      if (known !== undefined) return known;
      const bytes = source.getBytes(link.class, link.id);
      if (bytes === undefined) return 'absent';
      const object = { ...link, bytes };
      const links = linksIn(object);
      if (links === undefined) throw this.#incomplete(link);
      open.push({ object, links, next: 0, groups: own });
      return undefined;
    };
    const first = enter(root);
    if (first === 'absent') throw this.#missing(root, source);
    if (first !== undefined) return first;
    for (let step = open.at(-1); step !== undefined; step = open.at(-1)) {
      const link = step.links[step.next];
      if (link !== undefined) {
        let known = enter(link);
        if (known === 'absent') known = (await this.#elsewhere(step, source)) ?? enter(link);
        if (known === 'absent') throw this.#missing(link, source);
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
   * brings it with those that follow and returns undefined.
   *
   * @spec DML-REM-1820
   */
  async #elsewhere({ links, next }: Step, source: CommitSource): Promise<readonly number[] | undefined> {
    const link = links[next] as Link;
    // Only what reaches nothing else is known to be whole there.
    if (link.class !== 'chunk') return undefined;
    const number = await this.#numberInState(link);
    if (number !== undefined) {
      this.#known.set(link.id, [number]);
      return [number];
    }
    // @spec DML-REM-1821
    const chunks = links.slice(next).filter((each) => each.class === 'chunk');
    await source.bringChunks?.(chunks.map(({ id }) => id as ChunkId));
    return undefined;
  }

  async #numberInState(link: Link): Promise<number | undefined> {
    const group = await this.#ofState.groupOf(link, this.#snapshot as RemoteSnapshot);
    if (group === undefined) return undefined;
    const number = this.#numbersInState.get(group.index) ?? this.#groups.push(group) - 1;
    this.#numbersInState.set(group.index, number);
    return number;
  }

  #missing(link: Link, source: CommitSource): Error {
    const error = source.missing?.(link.class, link.id);
    return error === undefined || isDmlError(error, 'object_missing') ? this.#incomplete(link) : error;
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
