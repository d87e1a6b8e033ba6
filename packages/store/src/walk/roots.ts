import type { CommitId, ObjectClass, ObjectId, ReferenceId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readKeys, readRows } from '../engine/reading.ts';
import type { StoreEnvironment } from '../environment.ts';
import { lastSequence } from '../refs/journal.ts';
import { isReferenceRef, type RefName } from '../refs/ref-name.ts';
import { readRefRows } from '../refs/refs.ts';
import { Liveness } from '../sessions/liveness.ts';
import { parseWritesKey, type WritesRow } from '../sessions/session-writes.ts';
import { type SessionRow, sortSessions } from '../sessions/sessions.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import type { Hold } from '../tables/holds.ts';
import { objectKey } from '../tables/keyspace.ts';
import { readMeta } from '../tables/meta.ts';

/** A root: an object that is kept though nothing links to it. */
export type GcRoot =
  | { readonly kind: 'ref'; readonly ref: RefName; readonly commitId: CommitId | ReferenceId }
  | {
      readonly kind: 'hold';
      readonly class: ObjectClass;
      readonly objectId: ObjectId;
      readonly owner: string;
      readonly reason: string;
      readonly expiresMs: number | null;
    }
  | { readonly kind: 'session'; readonly sessionId: string };

/** A root together with the key of its object. */
export interface KeyedRoot {
  readonly root: Exclude<GcRoot, { kind: 'session' }>;
  readonly key: Uint8Array;
}

/** All roots as they stood at one commit of the engine, and where to look for later ones. */
export interface RootSet {
  readonly keyed: readonly KeyedRoot[];
  /** Rows of session writes of sessions that live. */
  readonly sessionWrites: readonly WritesRow[];
  readonly refCount: number;
  readonly holdCount: number;
  readonly expiredHoldCount: number;
  /** Session writes of later generations are new. */
  readonly generation: number;
  /** Ref updates of later sequences are new. */
  readonly sequence: number;
}

/** Returns the root a ref stands for. */
export function refRoot(ref: RefName, commitId: CommitId | ReferenceId): KeyedRoot {
  // @spec DML-REM-1321
  const objectClass = isReferenceRef(ref) ? 'reference' : 'commit';
  return { root: { kind: 'ref', ref, commitId }, key: objectKey(objectClass, commitId) as Buffer };
}

function holdRoot(hold: Hold): KeyedRoot {
  const { class: objectClass, objectId, owner, reason, expiresMs } = hold;
  return {
    root: { kind: 'hold', class: objectClass, objectId, owner, reason, expiresMs },
    key: objectKey(objectClass, objectId) as Buffer,
  };
}

/**
 * Reads every root at one snapshot: heads, index refs, remote-tracking refs, exec refs, holds that have not
 * expired, and what living sessions put or retained.
 */
export function readRoots(engine: Engine, nowMs: number, livingSessions: readonly SessionRow[]): RootSet {
  const refs = readRefRows(engine);
  const holds = readRows(engine, 'pins').map((row) => decodeJsonRow<Hold>('pins', row.key, row.value));
  // @spec DML-STO-0702
  const standing = holds.filter((hold) => hold.expiresMs === null || hold.expiresMs > nowMs);
  const sessions = new Map(livingSessions.map((session) => [session.sessionId, session]));
  const isHeld = ({ sessionId, generation }: WritesRow): boolean => {
    const session = sessions.get(sessionId);
    // @spec DML-STO-0703
    return session !== undefined && generation >= session.startGeneration;
  };
  const sessionWrites = readKeys(engine, 'recents').map(parseWritesKey).filter(isHeld);
  return {
    // @spec DML-STO-0701
    keyed: [...refs.map((ref) => refRoot(ref.name, ref.targetId)), ...standing.map(holdRoot)],
    sessionWrites,
    refCount: refs.length,
    holdCount: standing.length,
    expiredHoldCount: holds.length - standing.length,
    generation: Number(readMeta(engine, 'generation') ?? 0),
    sequence: lastSequence(engine),
  };
}

/** Reads every root at one snapshot for a look that changes nothing. */
export function rootsNow(engine: Engine, environment: StoreEnvironment): RootSet {
  const { living } = sortSessions(engine, new Liveness(engine, environment));
  return readRoots(engine, environment.nowMs(), living);
}
