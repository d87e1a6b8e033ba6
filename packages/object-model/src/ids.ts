import { hexOf, isHex, writeHex } from './bytes.ts';
import { fail } from './errors.ts';
import type { ObjectClass } from './object-class.ts';

declare const idClass: unique symbol;
type Branded<Name extends string> = string & { readonly [idClass]: Name };

/** Identity of a datum: 64 lowercase hex digits, like every id below. */
export type DatumId = Branded<'datum'>;
/** Identity of a node. */
export type NodeId = Branded<'node'>;
/** Identity of a dag. */
export type DagId = Branded<'dag'>;
/** Identity of a tree. */
export type TreeId = Branded<'tree'>;
/** Identity of a commit. */
export type CommitId = Branded<'commit'>;
/** Identity of an exec. */
export type ExecId = Branded<'exec'>;
/** Identity of an exec-request. */
export type ExecRequestId = Branded<'exec-request'>;
/** Identity of a search tree page. */
export type PageId = Branded<'page'>;
/** Identity of a raw chunk: the SHA-256 of its bytes. */
export type ChunkId = Branded<'chunk'>;
/** Identity of a reference to a commit of another domain. */
export type ReferenceId = Branded<'reference'>;
/** Identity of a federated snapshot. */
export type FederatedSnapshotId = Branded<'federated-snapshot'>;
/** Key of a call by function and input values: 64 lowercase hex digits. */
export type ExecutionKey = Branded<'execution-key'>;

/** Object class → type of its ids. */
export interface ObjectIds {
  readonly datum: DatumId;
  readonly node: NodeId;
  readonly dag: DagId;
  readonly tree: TreeId;
  readonly commit: CommitId;
  readonly exec: ExecId;
  readonly 'exec-request': ExecRequestId;
  readonly page: PageId;
  readonly chunk: ChunkId;
  readonly reference: ReferenceId;
  readonly 'federated-snapshot': FederatedSnapshotId;
}

/** Identity of an object of a class, of any class by default. */
export type ObjectId<Class extends ObjectClass = ObjectClass> = ObjectIds[Class];

/** Length of an id in bytes. */
export const ID_BYTES = 32;

/**
 * Checks whether a text is a whole id.
 *
 * @spec DML-OBJ-0401
 */
export function isIdText(text: string): boolean {
  return typeof text === 'string' && text.length === 64 && isHex(text);
}

/** Writes the 32 bytes of an id at `offset`. Throws `invalid_payload` with `id_form`. */
export function writeIdBytes(id: string, target: Uint8Array, offset: number): void {
  if (typeof id !== 'string' || id.length !== 64 || !writeHex(id, target, offset)) fail('id_form');
}

/** Returns the id whose 32 bytes start at `offset`; throws `invalid_bounds` with `id_length` when there are fewer. */
export function idOfBytes<Class extends ObjectClass = ObjectClass>(
  bytes: Uint8Array,
  offset = 0,
): ObjectIds[Class] {
  if (bytes.length - offset < ID_BYTES) fail('id_length');
  return hexOf(bytes, offset, offset + ID_BYTES) as ObjectIds[Class];
}
