import {
  type CommitId,
  DmlError,
  OBJECT_CLASSES,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import type { Engine } from './engine/engine.ts';
import { readKeys, refreshSnapshot } from './engine/reading.ts';
import { storeError } from './errors.ts';
import { parentCommitIds } from './objects/links.ts';
import { readObject } from './objects/objects.ts';
import { asRefName, headRef, type RefName } from './refs/ref-name.ts';
import { readRef } from './refs/refs.ts';
import { CLASS_BYTES, parseObjectKey } from './tables/keyspace.ts';
import { readMeta } from './tables/meta.ts';

/** An object found by name. */
export interface FoundObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
}

/** What an abbreviated id stands for; candidates are cut at the limit of the question. */
export type PrefixResult =
  | ({ readonly state: 'unique' } & FoundObject)
  | { readonly state: 'ambiguous'; readonly candidates: readonly FoundObject[] }
  | { readonly state: 'none' };

/** What a revision stands for; `ref` says which ref it was read from. */
export type RevisionResult =
  | ({ readonly state: 'found'; readonly ref: RefName | undefined } & FoundObject)
  | { readonly state: 'ambiguous'; readonly candidates: readonly FoundObject[] }
  | { readonly state: 'unknown' };

const PREFIX = /^[0-9a-f]{4,64}$/;
const STEPS = /~(\d{0,9})/g;

/** The range of keys of one class whose ids start with the digits given. */
function classRange(objectClass: ObjectClass, digits: string): { start: Buffer; end: Buffer } {
  const first = CLASS_BYTES[objectClass].toString(16).padStart(2, '0');
  return {
    start: Buffer.from(first + digits.padEnd(64, '0'), 'hex'),
    end: Buffer.from(`${first}${digits.padEnd(64, 'f')}ff`, 'hex'),
  };
}

/**
 * Finds the objects whose ids start with `digits`, in every class or in one.
 * Costs one seek per class; at most `limit` candidates are read.
 */
export function resolvePrefix(
  engine: Engine,
  digits: string,
  objectClass?: ObjectClass,
  limit = 20,
): PrefixResult {
  const prefix = digits.toLowerCase();
  // @spec DML-STO-0223
  if (!PREFIX.test(prefix)) return { state: 'none' };
  const candidates: FoundObject[] = [];
  for (const each of objectClass === undefined ? OBJECT_CLASSES : [objectClass]) {
    const room = limit - candidates.length;
    if (room <= 0) break;
    for (const key of readKeys(engine, 'objects', { ...classRange(each, prefix), limit: room })) {
      const found = parseObjectKey(key);
      if (found !== undefined) candidates.push({ class: found.class, objectId: found.id });
    }
  }
  const [only] = candidates;
  if (only === undefined) return { state: 'none' };
  // @spec DML-STO-0222
  if (candidates.length > 1) return { state: 'ambiguous', candidates };
  // @spec DML-STO-0221
  return { state: 'unique', ...only };
}

function tryRef(engine: Engine, name: string, form: (name: string) => RefName): RevisionResult | undefined {
  let ref: RefName;
  try {
    ref = form(name);
  } catch (error) {
    if (error instanceof DmlError) return undefined;
    throw error;
  }
  const row = readRef(engine, ref);
  return row && { state: 'found', ref, class: 'commit', objectId: row.commitId };
}

function resolveName(engine: Engine, base: string): RevisionResult | undefined {
  return (
    tryRef(engine, base, asRefName) ??
    // @spec DML-STO-0224
    tryRef(engine, base, headRef) ??
    tryRef(engine, base, (name) => asRefName(`refs/remotes/${name}`)) ??
    tryRef(engine, base, (name) => asRefName(`refs/${name}`))
  );
}

function resolveBase(engine: Engine, base: string): RevisionResult {
  if (base === 'HEAD') {
    const head = String(readMeta(engine, 'head') ?? 'refs/heads/main');
    return tryRef(engine, head, asRefName) ?? { state: 'unknown' };
  }
  const byName = resolveName(engine, base);
  if (byName !== undefined) return byName;
  const byId = resolvePrefix(engine, base);
  // @spec DML-STO-0226
  if (byId.state === 'none') return { state: 'unknown' };
  if (byId.state === 'ambiguous') return byId;
  return { state: 'found', ref: undefined, class: byId.class, objectId: byId.objectId };
}

/**
 * Resolves a revision as people type it: a ref, a head's name, `HEAD`, an abbreviated id, with `~n` behind.
 * Throws `revision_invalid` for a text that cannot be one; not finding it is an outcome.
 */
export function resolveRevision(engine: Engine, revision: string): RevisionResult {
  refreshSnapshot(engine);
  const [base = '', ...rest] = revision.split('~');
  // @spec DML-STO-0228
  const whole = rest.length === 0 ? undefined : resolveName(engine, revision);
  if (whole !== undefined) return whole;
  const suffix = revision.slice(base.length);
  // @spec DML-STO-0227
  if (base === '' || suffix.replace(STEPS, '') !== '') throw storeError('revision_invalid', { revision });
  const steps = rest.reduce((sum, digits) => sum + (digits === '' ? 1 : Number(digits)), 0);
  let found = resolveBase(engine, base);
  for (let step = 0; step < steps; step += 1) {
    if (found.state !== 'found') return found;
    if (found.class !== 'commit') throw storeError('revision_invalid', { revision, detail: 'not_a_commit' });
    const bytes = readObject(engine, 'commit', found.objectId);
    // @spec DML-STO-0225
    const parent: CommitId | undefined = bytes && parentCommitIds(bytes)[0];
    if (parent === undefined) return { state: 'unknown' };
    found = { state: 'found', ref: undefined, class: 'commit', objectId: parent };
  }
  return found;
}
