import { type CommitId, isIdText, type PageId } from '@daggerml/object-model';
import { z } from 'zod';
import { countSchema } from './scalars.ts';

/** Kinds of refs that a remote has. */
export type RefKind = 'heads' | 'tags';
export const REF_KINDS: readonly RefKind[] = ['heads', 'tags'];

/** The refs of one kind in a search tree of role heads, by their names without the kind. */
export interface RefTree {
  /** Size of its refs, by which it is decided whether they are in a tree. */
  readonly bytes: number;
  readonly count: number;
  readonly root: PageId;
}

/** Trees of the kinds that have many refs; those of other kinds stand in the state itself. */
export type RefTrees = { readonly [kind in RefKind]?: RefTree | undefined };

/** Refs of one kind, and their size, above which they are in a tree. */
const MAX_REFS = 1_000;
const MAX_BYTES = 65_536;
/** Bytes of a ref in a state besides its name: quotes, colon, comma and the commit id. */
const ENTRY_BYTES = 70;

const treeSchema: z.ZodType<RefTree> = z.strictObject({
  bytes: countSchema,
  count: countSchema,
  root: z.custom<PageId>((value) => typeof value === 'string' && isIdText(value), 'no id'),
});

export const refTreesSchema: z.ZodType<RefTrees> = z
  .strictObject({ heads: treeSchema.optional(), tags: treeSchema.optional() })
  .refine((trees) => REF_KINDS.some((kind) => trees[kind] !== undefined), 'no tree');

/** Returns the size of a ref by its name without `refs/`. */
export function refBytes(key: string): number {
  return Buffer.byteLength(key) + ENTRY_BYTES;
}

/** Checks whether the refs of a kind are in a tree: their number and size alone decide, so that equal refs are written alike. */
export function isInTree({ bytes, count }: Pick<RefTree, 'bytes' | 'count'>): boolean {
  // @spec DML-REM-0423
  return count > MAX_REFS || bytes > MAX_BYTES;
}

/** Returns the kind of a ref by its name without `refs/`. */
export function refKindOf(key: string): RefKind {
  return key.startsWith('heads/') ? 'heads' : 'tags';
}

/** Returns the name of a ref without its kind. */
export function nameInTree(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** Refs by their names without `refs/`. */
export type RefMap = Readonly<Record<string, CommitId>>;
