import {
  encodeElement,
  encodeRecord,
  hashBytes,
  isKeyedRole,
  type LeafEntries,
  type PageId,
  type PageRecord,
  type PageRole,
  type TreeRoot,
  utf8Bytes,
} from '../../src/index.ts';

/**
 * Builds the search tree as the specification words it, in the plainest code: whole levels in arrays, every page through the
 * record codec. What the package builds must equal it.
 */
export function referenceTree<Role extends PageRole>(
  role: Role,
  leafEntries: readonly LeafEntries[Role][],
  put: (record: Uint8Array) => void = () => undefined,
): TreeRoot<Role> {
  let level = 0;
  let entries: readonly unknown[] = leafEntries;
  let counts = leafEntries.map((entry) => (role === 'chunks' ? (entry as LeafEntries['chunks'])[1] : 1));
  for (;;) {
    const pages = cut(role, level, entries);
    if (pages.length <= 1 && level === 0) return leafEntries;
    const above: unknown[] = [];
    const countsAbove: number[] = [];
    let from = 0;
    let pageId = '' as PageId;
    for (const page of pages) {
      const record = encodeRecord({ type: 'page', role, level, entries: page } as PageRecord);
      put(record);
      pageId = hashBytes<'page'>(record);
      const count = counts.slice(from, from + page.length).reduce((sum, each) => sum + each, 0);
      from += page.length;
      const last = page.at(-1);
      above.push(isKeyedRole(role) ? [keyOf(role, level, last), pageId, count] : [pageId, count]);
      countsAbove.push(count);
    }
    if (pages.length === 1) return pageId;
    level++;
    entries = above;
    counts = countsAbove;
  }
}

function cut(role: PageRole, level: number, entries: readonly unknown[]): unknown[][] {
  const pages: unknown[][] = [];
  let open: unknown[] = [];
  let hashes: number[] = [];
  let size = 0;
  for (const entry of entries) {
    const bytes = encodedSize(role, level, entry);
    open.push(entry);
    size += bytes;
    hashes.push(fnv(hashedBytes(role, level, entry)));
    const x = isKeyedRole(role) ? hashes.at(-1)! : positionHash(hashes);
    const h = fmix((x ^ Math.imul(level + 1, 0x9e3779b9)) >>> 0);
    const chosen = size >= 2048 && h >>> 21 < Math.min(bytes, 512);
    const full = size >= 16384 && open.length >= 16;
    if (open.length >= 4 && (chosen || full)) {
      pages.push(open);
      open = [];
      hashes = [];
      size = 0;
    }
  }
  if (open.length > 0) pages.push(open);
  return pages;
}

/** Hashes the last of the entries of an open page, by the runs of equal ones that lead up to it. */
function positionHash(hashes: readonly number[]): number {
  const runs: { hash: number; length: number }[] = [];
  for (const hash of hashes) {
    if (runs.at(-1)?.hash === hash) runs.at(-1)!.length++;
    else runs.push({ hash, length: 1 });
  }
  const open = runs.at(-1)!;
  // The first run of a page may be the rest of a longer one, so it never counts; neither does the open one.
  const complete = runs.slice(1, -1).slice(-4);
  let w = 0;
  for (const run of complete)
    w = (w * 256 + fmix((run.hash ^ Math.imul(run.length, 0x9e3779b1)) >>> 0)) % 2 ** 32;
  return (fmix((w ^ Math.imul(open.length, 0x9e3779b1)) >>> 0) ^ open.hash) >>> 0;
}

function keyOf(role: PageRole, level: number, entry: unknown): unknown {
  return role === 'set' && level === 0 ? entry : (entry as readonly unknown[])[0];
}

function hashedBytes(role: PageRole, level: number, entry: unknown): Uint8Array {
  if (isKeyedRole(role)) {
    const key = keyOf(role, level, entry);
    if (role === 'set') return encodeElement(key as LeafEntries['set']);
    return role === 'pins' || role === 'requests'
      ? Buffer.from(key as string, 'hex')
      : utf8Bytes(key as string);
  }
  return level > 0 ? Buffer.from((entry as readonly string[])[0]!, 'hex') : encodedEntry(role, 0, entry);
}

function encodedSize(role: PageRole, level: number, entry: unknown): number {
  return encodedEntry(role, level, entry).length;
}

/** Returns the content of a page of this one entry, behind its six bytes of header. */
function encodedEntry(role: PageRole, level: number, entry: unknown): Uint8Array {
  return encodeRecord({ type: 'page', role, level, entries: [entry] } as PageRecord).subarray(6);
}

function fnv(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function fmix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}
