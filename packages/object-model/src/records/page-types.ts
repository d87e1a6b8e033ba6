import type {
  ChunkId,
  CommitId,
  DagId,
  DatumId,
  ExecId,
  ExecRequestId,
  NodeId,
  PageId,
  ReferenceId,
} from '../ids.ts';
import type { Element } from './record-types.ts';

/**
 * Role numbers of search tree pages.
 *
 * @spec DML-OBJ-1901
 */
export const PAGE_ROLE_NUMBERS = {
  list: 1,
  set: 2,
  map: 3,
  names: 4,
  dags: 5,
  pins: 6,
  requests: 7,
  inputs: 8,
  chunks: 9,
  values: 10,
  heads: 11,
  references: 12,
} as const;

/** Name of a role: the kind of entries of a search tree. */
export type PageRole = keyof typeof PAGE_ROLE_NUMBERS;
/** Roles whose entries are found by key. */
export type KeyedRole = keyof EntryKeys;
/** Roles whose entries are found by position. */
export type PositionalRole = Exclude<PageRole, KeyedRole>;

/** Role → entry of a leaf page. */
export interface LeafEntries {
  readonly list: Element;
  readonly set: Element;
  readonly map: readonly [key: string, element: Element];
  readonly names: readonly [name: string, nodeId: NodeId];
  readonly dags: readonly [name: string, dagId: DagId];
  readonly pins: readonly [nodeId: NodeId, execId: ExecId];
  readonly requests: readonly [nodeId: NodeId, execRequestId: ExecRequestId];
  readonly inputs: NodeId;
  readonly chunks: readonly [chunkId: ChunkId, lengthBytes: number];
  readonly values: DatumId;
  readonly heads: readonly [name: string, commitId: CommitId];
  readonly references: readonly [name: string, referenceId: ReferenceId];
}

/** Keyed role → key of its entries. */
export interface EntryKeys {
  readonly set: Element;
  readonly map: string;
  readonly names: string;
  readonly dags: string;
  readonly pins: NodeId;
  readonly requests: NodeId;
  readonly heads: string;
  readonly references: string;
}

/** Entry of a leaf page of a role. */
export type LeafEntry<Role extends PageRole = PageRole> = LeafEntries[Role];
/** Entry of an interior page: the last key below (keyed roles), the child, and the count below. */
export type InteriorEntry<Role extends PageRole = PageRole> = Role extends KeyedRole
  ? readonly [lastKey: EntryKeys[Role], pageId: PageId, count: number]
  : readonly [pageId: PageId, count: number];

/** A search tree as its owner holds it: the entries of its only leaf, or the id of its top page. */
export type TreeRoot<Role extends PageRole = PageRole> = readonly LeafEntries[Role][] | PageId;

/** A leaf page of a role. */
export interface LeafPage<Role extends PageRole = PageRole> {
  readonly type: 'page';
  readonly role: Role;
  readonly level: 0;
  readonly entries: readonly LeafEntry<Role>[];
}
/** An interior page of a role; `level` is at least 1. */
export interface InteriorPage<Role extends PageRole = PageRole> {
  readonly type: 'page';
  readonly role: Role;
  readonly level: number;
  readonly entries: readonly InteriorEntry<Role>[];
}
/** Any page. */
export type PageRecord = { readonly [Role in PageRole]: LeafPage<Role> | InteriorPage<Role> }[PageRole];

/** Checks whether the entries of a role are found by key. */
export function isKeyedRole(role: PageRole): role is KeyedRole {
  return role !== 'list' && role !== 'inputs' && role !== 'chunks' && role !== 'values';
}

const ROLE_BY_NUMBER: readonly (PageRole | undefined)[] = [
  undefined,
  ...(Object.keys(PAGE_ROLE_NUMBERS) as PageRole[]),
];

/** Returns the role of a role number, undefined for an unknown one. */
export function pageRoleOf(roleNumber: number): PageRole | undefined {
  return ROLE_BY_NUMBER[roleNumber];
}
