import { gearTable } from '../src/blob/blob-chunker.ts';
import {
  type BlobDatum,
  buildDirectory,
  buildTree,
  checkFilePath,
  compareBytes,
  compareUtf8,
  type DagId,
  type DatumId,
  type DirectoryEntry,
  DmlError,
  decodeRecord,
  type Element,
  encodeElement,
  encodeRecord,
  isKeyedRole,
  type LeafEntries,
  type PageId,
  type PageRecord,
  type PageRole,
  readBlob,
  readDirectory,
  sha256Hex,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeSplice,
  utf8Bytes,
  writeBlob,
} from '../src/index.ts';
import { MemoryObjects } from './support/memory-objects.ts';
import { digestStream } from './support/sample-content.ts';
import { verifyTree } from './support/verify-tree.ts';
import { bytesOfVector, hexOfBytes, type VectorError } from './vector-case.ts';

/** Entries of a tree by a rule; the specification words it. */
export interface EntryRule {
  readonly role: PageRole;
  readonly count: number;
  readonly first?: number;
  readonly step?: number;
  readonly distinct?: number;
  readonly run?: number;
  readonly random?: boolean;
  readonly keyBytes?: number;
}

/** A root: the id of the top page, or the embedded array of entries as hex. */
export type VectorRoot = string | { readonly embedded: string };

/** Content of a blob, in parts that follow each other. */
export type ContentPart =
  | { readonly repeat: string; readonly count: number }
  | { readonly seed: string; readonly sizeBytes: number };

/** One golden vector of search trees or blobs; which members it has follows from its operation. */
export interface TreeCase {
  readonly name: string;
  readonly requirement: string;
  readonly operation: string;
  readonly entries?: EntryRule;
  readonly changes?: { readonly delete?: EntryRule; readonly set?: EntryRule };
  readonly splices?: readonly {
    readonly start: number;
    readonly deleteCount: number;
    readonly insert?: EntryRule;
  }[];
  readonly root?: VectorRoot;
  readonly pageCount?: number;
  readonly pageBytes?: number;
  readonly leafCounts?: readonly number[];
  readonly content?: readonly ContentPart[];
  readonly damage?: string;
  readonly sizeBytes?: number;
  readonly contentSha256?: string;
  readonly chunks?: readonly (readonly [id: string, length: number])[];
  readonly values?: readonly string[];
  readonly input?: string;
  readonly output?: string;
  readonly files?: readonly string[];
  readonly executables?: readonly string[];
  readonly folders?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly error?: VectorError;
}

/** Computes the members of a case from its input; throws what the operation throws. */
export function solveCase(given: TreeCase): Partial<TreeCase> {
  const solve = SOLVERS[given.operation];
  if (solve === undefined) throw new Error(`unknown operation ${given.operation}`);
  return solve(given);
}

/** Runs a golden vector; returns the fault, undefined when there is none. Needs no test runner. */
export function runTreeCase(given: TreeCase): string | undefined {
  let solved: Partial<TreeCase>;
  try {
    solved = solveCase(given);
  } catch (caught) {
    if (!(caught instanceof DmlError)) return `threw ${String(caught)}`;
    solved = { error: { code: caught.code, detail: caught.detail! } };
  }
  const names = new Set([...Object.keys(solved), ...(given.error === undefined ? [] : ['error'])]);
  for (const name of names as Set<keyof TreeCase>) {
    const [actual, expected] = [JSON.stringify(solved[name]), JSON.stringify(given[name])];
    if (actual !== expected) return `${name}: ${actual?.slice(0, 200)} instead of ${expected?.slice(0, 200)}`;
  }
  return undefined;
}

type Solver = (given: TreeCase) => Partial<TreeCase>;

const SOLVERS: Readonly<Record<string, Solver>> = {
  tree({ entries }) {
    const objects = new MemoryObjects();
    const { role } = entries!;
    const root = buildTree(role, entriesOf(entries!), objects) as TreeRoot;
    if (verifyTree(role, root, objects) !== undefined) throw new Error('not canonical');
    return describeTree(role, root, objects);
  },
  treeEdit({ entries, changes }) {
    const objects = new MemoryObjects();
    const { role } = entries!;
    const root = buildTree(role, entriesOf(entries!), objects);
    const edits = [
      ...(changes!.set === undefined ? [] : entriesOf(changes!.set).map((set) => ({ set }))),
      ...(changes!.delete === undefined
        ? []
        : entriesOf(changes!.delete).map((entry) => ({ deleteKey: keyOf(entry) }))),
    ];
    return { root: rootOf(role, treeEdit(role as 'map', root as TreeRoot<'map'>, edits as never, objects)) };
  },
  splice({ entries, splices }) {
    const objects = new MemoryObjects();
    const { role } = entries!;
    const root = buildTree(role, entriesOf(entries!), objects) as TreeRoot<'list'>;
    const applied = splices!.map(({ start, deleteCount, insert }) => ({
      start,
      deleteCount,
      insert: insert === undefined ? [] : (entriesOf(insert) as LeafEntries['list'][]),
    }));
    return { root: rootOf(role, treeSplice(role as 'list', root, applied, objects)) };
  },
  readWithoutTop({ entries }) {
    const objects = new MemoryObjects();
    const { role } = entries!;
    const root = buildTree(role, entriesOf(entries!), objects) as TreeRoot;
    objects.pages.delete(root as PageId);
    return { root: [...treeEntries(role, root as never, objects)].length as never };
  },
  gear: () => ({ values: [...gearTable()].map((value) => (value >>> 0).toString(16).padStart(8, '0')) }),
  blob({ content }) {
    const objects = new MemoryObjects();
    const blob = writeBlob(contentOf(content!), objects);
    const { sizeBytes, contentSha256 } = blob;
    const chunks = [...treeEntries('chunks', blob.root, objects)];
    return { sizeBytes, contentSha256, chunks, root: rootOf('chunks', blob.root) };
  },
  readDamaged({ content, damage }) {
    const objects = new MemoryObjects();
    const blob = writeBlob(contentOf(content!), objects);
    const [chunkId, bytes] = [...objects.chunks][0]!;
    let read: BlobDatum = blob;
    if (damage === 'no first chunk') objects.chunks.delete(chunkId);
    else if (damage === 'first chunk cut') objects.chunks.set(chunkId, bytes.subarray(1));
    else if (damage === 'first byte changed')
      objects.chunks.set(
        chunkId,
        Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte)),
      );
    else if (damage === 'size one more') read = { ...blob, sizeBytes: blob.sizeBytes + 1 };
    else throw new Error(`unknown damage ${damage}`);
    return { sizeBytes: Buffer.concat([...readBlob(read, objects)]).length };
  },
  path: ({ input }) => ({ output: checkFilePath(input!) }),
  directory(given) {
    const entries = entriesOfDirectory(given);
    const objects = new MemoryObjects();
    const root = buildDirectory([...entries].reverse(), objects);
    const read = [...readDirectory(root, objects)];
    const byPath = (left: DirectoryEntry, right: DirectoryEntry): number =>
      compareUtf8(left.path, right.path);
    if (JSON.stringify(read) !== JSON.stringify([...entries].sort(byPath))) throw new Error('read otherwise');
    return { root: rootOf('map', root) };
  },
};

function entriesOfDirectory({ files, executables, folders, links }: TreeCase): DirectoryEntry[] {
  const file = (path: string, isExecutable: boolean): DirectoryEntry => ({
    kind: 'file',
    path,
    blobDatumId: idOf<DatumId>(`datum/${path}`),
    isExecutable,
  });
  return [
    ...(files ?? []).map((path) => file(path, false)),
    ...(executables ?? []).map((path) => file(path, true)),
    ...(folders ?? []).map((path): DirectoryEntry => ({ kind: 'empty-folder', path })),
    ...Object.entries(links ?? {}).map(([path, target]): DirectoryEntry => ({ kind: 'link', path, target })),
  ];
}

function describeTree(role: PageRole, root: TreeRoot, objects: MemoryObjects): Partial<TreeCase> {
  const leafCounts: number[] = [];
  const pages = new Set<Uint8Array>();
  const walk = (pageId: PageId): void => {
    const bytes = objects.pages.get(pageId)!;
    pages.add(bytes);
    const { level, entries } = decodeRecord(bytes, 'page');
    if (level === 0) leafCounts.push(entries.length);
    else for (const entry of entries as never as readonly (readonly never[])[]) walk(entry.at(-2)!);
  };
  if (typeof root === 'string') walk(root);
  return {
    root: rootOf(role, root),
    pageCount: pages.size,
    pageBytes: [...pages].reduce((sum, bytes) => sum + bytes.length, 0),
    leafCounts,
  };
}

function rootOf(role: PageRole, root: TreeRoot<never> | TreeRoot): VectorRoot {
  if (typeof root === 'string') return root;
  if (root.length === 0) return { embedded: '80' };
  // Behind the five bytes of its header a page is the array of its entries.
  const page = encodeRecord({ type: 'page', role, level: 0, entries: root } as unknown as PageRecord);
  return { embedded: hexOfBytes(page.subarray(5)) };
}

function keyOf(entry: LeafEntries[PageRole]): unknown {
  return Array.isArray(entry) ? entry[0] : entry;
}

function idOf<Id extends string>(label: string): Id {
  return sha256Hex(utf8Bytes(label)) as Id;
}

/** Returns the entries of a rule in tree order. */
export function entriesOf(rule: EntryRule): LeafEntries[PageRole][] {
  const { role, count, first = 0, step = 1 } = rule;
  const entries = Array.from(
    { length: count },
    (_, at) => entryOf(rule, first + at * step) as LeafEntries[PageRole],
  );
  if (!isKeyedRole(role)) return entries;
  const keyed = entries.map((entry) => ({ entry, key: sortKey(role, entry) }));
  keyed.sort((left, right) => compareBytes(left.key, right.key));
  return keyed.map(({ entry }) => entry);
}

function sortKey(role: PageRole, entry: LeafEntries[PageRole]): Uint8Array {
  return role === 'set' ? encodeElement(entry as Element) : utf8Bytes(keyOf(entry) as string);
}

function entryOf(rule: EntryRule, number: number): unknown {
  const { role, keyBytes = 0 } = rule;
  const value = valueAt(rule, number);
  const text = (prefix: string): string =>
    `${prefix}-${String(number).padStart(8, '0')}`.padEnd(keyBytes, 'x');
  const i64 = (of: number): Element => ({ type: 'datum', kind: 'i64', value: BigInt(of) });
  switch (role) {
    case 'list':
      return i64(value);
    case 'set':
      return i64(number);
    case 'map':
      return [text('key'), number % 3 === 0 ? idOf(`datum/${number}`) : i64(value)];
    case 'names':
      return [text('name'), idOf(`node/${number}`)];
    case 'dags':
      return [text('dag'), idOf<DagId>(`dag/${number}`)];
    case 'pins':
      return [idOf(`node/${number}`), idOf(`exec/${number}`)];
    case 'requests':
      return [idOf(`node/${number}`), idOf(`exec-request/${number}`)];
    case 'inputs':
      return idOf(`node/${value}`);
    case 'values':
      return idOf(`datum/${value}`);
    case 'chunks':
      return [idOf(`chunk/${number}`), 16_385 + (number % 1000)];
  }
}

function valueAt({ distinct = 1_000_000_000, run = 1, random = false }: EntryRule, number: number): number {
  const step = Math.floor(number / run);
  return (random ? Number.parseInt(idOf<string>(`entry/${step}`).slice(0, 8), 16) : step) % distinct;
}

function contentOf(parts: readonly ContentPart[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => ('repeat' in part ? bytesOfVector([part]) : digestStream(part.seed, part.sizeBytes))),
  );
}
