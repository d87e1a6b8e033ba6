import { pause } from '../engine/lock-wait.ts';
import { readRows, refreshSnapshot } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { marksFile, sessionOfMarks } from '../store-folder/places.ts';
import { Liveness } from './liveness.ts';
import { MarkFile, MarkReader, WantedMarks } from './mark-file.ts';
import { decodeSession, type SessionRow } from './sessions.ts';

/** Marks that other living sessions have, with the number of a process that has it. */
export type ForeignMarks = ReadonlyMap<string, number>;

interface Seen {
  readonly session: SessionRow;
  readonly isDecided: boolean;
}

const NONE: ForeignMarks = new Map();
/** Time that somebody who writes marks takes to decide, and how often that is waited for. */
const DECISION_MS = 0.2;
const DECISION_LOOKS = 10;
/** Milliseconds between two questions to the kernel who lives, which cost more than all the rest. */
const ALIVE_MS = 50;

/**
 * The marks of an open store: 32 bytes each, as 64 hex digits, that say what a session is about to do. A mark counts
 * for as long as its session has it and lives; nothing has to renew it.
 *
 * Whoever wants a mark writes it into a file of its own, and then looks who else has it. Of two at least one sees the
 * other, so that never both have it. A session is in the store before it writes marks, and a process is known before it
 * reads the store: who finds nobody after its marks are written need not look further.
 */
export class Marks {
  readonly #store: Store;
  /** Undefined before the first mark, null where none can be written. */
  #file: MarkFile | null | undefined;
  readonly #readers = new Map<string, MarkReader>();
  readonly #aliveUntilMs = new Map<string, number>();
  #rows = new Map<string, { readonly bytes: Buffer; readonly row: SessionRow }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Puts marks, except those that another living session has: these are returned. */
  put(marks: readonly string[]): ForeignMarks {
    this.putAnyway(marks);
    // @spec DML-STO-1952
    const isAlone = this.#isAlone();
    const foreign = isAlone ? NONE : this.#decided(marks);
    // @spec DML-STO-1950
    if (foreign.size > 0) this.remove(foreign.keys());
    const own = foreign.size === 0 ? marks : marks.filter((mark) => !foreign.has(mark));
    this.#change((file) => file.decide(own, !isAlone));
    return foreign;
  }

  /** Returns the marks that others have; of two that want one at the same time the session with the lesser id has it. */
  #decided(marks: readonly string[]): ForeignMarks {
    const { sessionId } = this.#store;
    let open = new Set(marks);
    const foreign = new Map<string, number>();
    for (let looks = 0; open.size > 0; looks += 1) {
      const undecided = new Set<string>();
      for (const [mark, { session, isDecided }] of this.#look(open)) {
        // Who goes first waits until the other has seen it and gone, or stays for having been there before.
        // @spec DML-STO-1953
        if (!isDecided && sessionId < session.sessionId && looks < DECISION_LOOKS) undecided.add(mark);
        else foreign.set(mark, session.process.pid);
      }
      // Others need not wait for what is not wanted any more.
      open = undecided;
      if (open.size > 0) pause(DECISION_MS);
    }
    return foreign;
  }

  /** Puts marks whoever else has them. */
  putAnyway(marks: readonly string[]): void {
    if (this.#file === undefined) {
      // Others look for marks of the sessions that they know.
      this.#store.transact('register', () => {});
      this.#file = this.#create();
    }
    this.#change((file) => file.add(marks));
  }

  /** Removes marks of this session. */
  remove(marks: Iterable<string>): void {
    this.#change((file) => file.remove(marks));
  }

  /** Returns those of some marks that other living sessions have. */
  foreign(marks: ReadonlySet<string>): ForeignMarks {
    return new Map([...this.#look(marks)].map(([mark, { session }]) => [mark, session.process.pid]));
  }

  /**
   * Returns those of some marks that living sessions have whose ids are less than that of this one. Sessions that wait
   * for such marks alone never wait for one another in a circle.
   */
  preceding(marks: ReadonlySet<string>): ReadonlySet<string> {
    const { sessionId } = this.#store;
    // @spec DML-STO-1960
    return new Set(this.#look(marks, (other) => other < sessionId).keys());
  }

  #look(
    marks: ReadonlySet<string>,
    isAsked: (sessionId: string) => boolean = () => true,
  ): ReadonlyMap<string, Seen> {
    const { engine, sessionId } = this.#store;
    const found = new Map<string, Seen>();
    const wanted = new WantedMarks(marks);
    refreshSnapshot(engine);
    const sessions = this.#sessions();
    for (const session of sessions) {
      if (session.sessionId === sessionId || !isAsked(session.sessionId)) continue;
      let isAlive: boolean | undefined;
      this.#readerOf(session.sessionId)?.read(wanted, (mark, isDecided) => {
        if (found.get(mark)?.isDecided) return;
        isAlive ??= this.#isAlive(session);
        if (isAlive) found.set(mark, { session, isDecided });
      });
    }
    if (this.#readers.size > sessions.length) this.#closeReaders(sessions);
    return found;
  }

  /** Returns the sessions at the newest commit; rows that are as they were are not decoded again. */
  #sessions(): readonly SessionRow[] {
    const known = this.#rows;
    this.#rows = new Map();
    for (const { key, value } of readRows(this.#store.engine, 'sessions')) {
      const name = key.toString('hex');
      const before = known.get(name);
      const row = before?.bytes.equals(value) ? before.row : decodeSession(key, value);
      this.#rows.set(name, { bytes: value, row });
    }
    return [...this.#rows.values()].map(({ row }) => row);
  }

  /** Checks whether a session lived when that was looked at last, a moment ago at most. */
  #isAlive(session: SessionRow): boolean {
    const { engine, environment } = this.#store;
    const { sessionId, process } = session;
    const nowMs = environment.monotonicMs();
    if (nowMs < (this.#aliveUntilMs.get(sessionId) ?? 0)) return true;
    // @spec DML-STO-1951
    const isAlive = new Liveness(engine, environment).isAlive(process);
    if (isAlive) this.#aliveUntilMs.set(sessionId, nowMs + ALIVE_MS);
    else this.#aliveUntilMs.delete(sessionId);
    return isAlive;
  }

  #readerOf(sessionId: string): MarkReader | undefined {
    let reader = this.#readers.get(sessionId);
    if (reader === undefined) {
      reader = MarkReader.open(this.#store.engine.folder, sessionId);
      if (reader) this.#readers.set(sessionId, reader);
    }
    return reader;
  }

  #closeReaders(except: readonly SessionRow[]): void {
    for (const [id, reader] of this.#readers) {
      if (except.some(({ sessionId }) => sessionId === id)) continue;
      this.#readers.delete(id);
      this.#aliveUntilMs.delete(id);
      reader.close();
    }
  }

  /** Changes the file; a mark that could not be removed would never end, so a file that fails goes. */
  #change(act: (file: MarkFile) => void): void {
    if (!this.#file) return;
    try {
      act(this.#file);
    } catch {
      this.#removeFile(this.#file);
      // @spec DML-STO-1956
      this.#file = null;
    }
  }

  #create(): MarkFile | null {
    const { engine, sessionId } = this.#store;
    try {
      return new MarkFile(engine.folder, sessionId);
    } catch {
      return null;
    }
  }

  /** Checks whether no other session can have marks. */
  #isAlone(): boolean {
    const { engine, environment } = this.#store;
    return engine.users === 1 && !new Liveness(engine, environment).hasOthers();
  }

  /** Removes all marks. */
  close(): void {
    this.#closeReaders([]);
    if (this.#file) this.#removeFile(this.#file);
    this.#file = undefined;
  }

  #removeFile(file: MarkFile): void {
    const { engine, sessionId } = this.#store;
    // @spec DML-STO-1954
    removeIfAllowed(() => file.close());
    removeIfAllowed(() => engine.folder.removeFile(marksFile(sessionId)));
  }
}

/** Removes the marks of sessions that are not among the living. */
export function dropMarks(folder: HeldFolder, livingIds: ReadonlySet<string>): void {
  removeIfAllowed(() => {
    for (const name of folder.names()) {
      const sessionId = sessionOfMarks(name);
      // @spec DML-STO-1955
      if (sessionId !== undefined && !livingIds.has(sessionId))
        removeIfAllowed(() => folder.removeFile(name));
    }
  });
}

/** Removes what costs nobody anything if it stays: nobody looks at the marks of a session that has ended. */
function removeIfAllowed(act: () => void): void {
  try {
    act();
  } catch {
    // Somebody else's file, in a folder where only its owner may remove it.
  }
}
