import { type CommitId, isIdText, sha256Hex } from '@daggerml/object-model';
import { parseRefName } from '@daggerml/store';
import { z } from 'zod';
import { remoteError } from '../errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { filePath, parseFilePath } from './file-path.ts';
import { type GroupEntry, groupSchema } from './group.ts';
import { type Publications, publicationsSchema } from './publication.ts';
import { FORMAT, readJson } from './read-json.ts';
import { type RefTrees, refKindOf, refTreesSchema } from './ref-trees.ts';
import {
  countSchema,
  fileNameSchema,
  noteSchema,
  stateNameSchema,
  timeSchema,
  writeIdSchema,
} from './scalars.ts';

/** A cache index as a state lists it. */
export interface CacheEntry {
  readonly bytes: number;
  readonly entries: number;
  readonly file: string;
}

/** Everything about a remote that moves together. */
export interface RemoteState {
  /** Name of the file of tombstones and stubs. */
  readonly absences: string | null;
  readonly actor: string;
  readonly caches: readonly CacheEntry[];
  readonly epoch: number;
  readonly groups: readonly GroupEntry[];
  /** Name of the state before this one. */
  readonly previous: string | null;
  /** Publications of domains, on a remote for publications; absent on any other. */
  readonly published?: Publications | undefined;
  readonly reason: string;
  /** Commits by the full names of branches and tags without `refs/`: `heads/main`. */
  readonly refs: Readonly<Record<string, CommitId>>;
  readonly sequence: number;
  /** Clock of the writer, for people. */
  readonly timeMs: number;
  /** Refs of which there are many; absent where there are none. */
  readonly trees?: RefTrees | undefined;
  readonly write: string;
}

/** Longest state that is read. */
export const MAX_STATE_BYTES: number = 16 * 2 ** 20;

/** Keys are looked at as they stand: a library may leave out names that mean something to the language. */
const refsSchema = z.custom<RemoteState['refs']>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([key, id]) => isSharedRef(key) && typeof id === 'string' && isIdText(id)),
  'no refs',
);

const fields = z.strictObject({
  absences: fileNameSchema.nullable(),
  actor: noteSchema,
  caches: z.array(z.strictObject({ bytes: countSchema, entries: countSchema, file: fileNameSchema })),
  epoch: countSchema,
  format: z.literal(FORMAT),
  groups: z.array(groupSchema),
  previous: stateNameSchema.nullable(),
  published: publicationsSchema.optional(),
  reason: noteSchema,
  refs: refsSchema,
  sequence: countSchema,
  timeMs: timeSchema,
  trees: refTreesSchema.optional(),
  write: writeIdSchema,
});

const schema = fields
  .refine(isNextOf, { path: ['previous'] })
  .refine(isApart, { path: ['trees'] })
  .refine(isOfOnePurpose, { path: ['published'] });

/** Checks whether a state with publications has nothing internal. @spec DML-REM-1319 */
function isOfOnePurpose({ published, refs, trees, caches }: z.infer<typeof fields>): boolean {
  return (
    published === undefined || (Object.keys(refs).length === 0 && trees === undefined && caches.length === 0)
  );
}

/** Checks whether the previous state is the one before, of no later epoch. */
function isNextOf({ previous, sequence, epoch }: z.infer<typeof fields>): boolean {
  if (previous === null) return sequence === 0;
  const facts = parseFilePath(filePath('states', previous));
  return facts?.sequence === sequence - 1 && facts.epoch <= epoch;
}

/** Checks whether each kind of refs stands in one place. */
function isApart({ refs, trees }: z.infer<typeof fields>): boolean {
  return trees === undefined || Object.keys(refs).every((key) => trees[refKindOf(key)] === undefined);
}

/** Checks whether a key is the full name of a branch or tag without `refs/`. */
function isSharedRef(key: string): boolean {
  try {
    const { kind } = parseRefName(`refs/${key}`);
    return kind === 'heads' || kind === 'tags';
  } catch {
    return false;
  }
}

/**
 * Returns the bytes of a state and its name without folder and suffix. Throws a `TypeError` for one that no reader takes,
 * since nobody could use the remote any more, and `remote_full` for one that is too long.
 */
export function encodeState(state: RemoteState): { readonly name: string; readonly bytes: Buffer } {
  const { trees, ...others } = state;
  const json = { format: FORMAT, ...others, ...(trees && { trees: definedTrees(trees) }) };
  const { success, error } = schema.safeParse(json);
  if (!success) throw new TypeError(`a state without its form: ${error.message}`);
  const bytes = canonicalJson(json as never);
  if (bytes.length > MAX_STATE_BYTES)
    throw remoteError('remote_full', { detail: 'state', remote: 'of this state' });
  return { name: `${state.epoch}-${state.sequence}-${sha256Hex(bytes)}`, bytes };
}

function definedTrees(trees: RefTrees): RefTrees {
  return Object.fromEntries(Object.entries(trees).filter(([, tree]) => tree !== undefined));
}

/** Reads a state under its name; throws `remote_damaged` and `remote_format_newer`. */
export function decodeState(bytes: Uint8Array, name: string, remote: string): RemoteState {
  const path = filePath('states', name);
  const facts = parseFilePath(path);
  // @spec DML-REM-0418
  if (facts === undefined || sha256Hex(bytes) !== facts.hash)
    throw remoteError('remote_damaged', { remote, path, detail: 'hash' });
  const { format: _format, ...state } = readJson(bytes, schema, { remote, path, maxBytes: MAX_STATE_BYTES });
  if (state.epoch !== facts.epoch || state.sequence !== facts.sequence)
    throw remoteError('remote_damaged', { remote, path, detail: 'name' });
  return state;
}
