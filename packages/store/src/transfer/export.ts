import { type CommitId, encodeRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { refuseLeftOut } from '../objects/stubs.ts';
import { type RefName, refKey } from '../refs/ref-name.ts';
import { objectKey } from '../tables/keyspace.ts';
import { RowReader } from '../walk/row-reader.ts';
import type { Transactor } from '../write-transaction.ts';
import { encodeHeader, encodeSection, encodeVarint } from './car-frame.ts';
import { inLinkOrder } from './link-order.ts';
import { type Block, objectBlock, recordBlock } from './object-block.ts';

/** A store as far as it is exported. */
export interface ExportHost extends Transactor {
  readonly engine: Engine;
  readonly isReadOnly: boolean;
}

/** A commit to export, and the ref name it travels under. */
export interface ExportedRef {
  readonly ref: RefName;
  readonly commitId: CommitId;
  /** Journal sequence that moved the ref there; 0 for a commit no ref names. */
  readonly sequence?: number;
}

/** Part of an export that its consumer has taken. */
export interface ExportProgress {
  readonly objects: number;
  /** Bytes of the stream. */
  readonly bytes: number;
}

/** Bytes a piece of the stream holds at least, except the last. */
const PIECE_BYTES = 65_536;

/** Returns the block of the ref record under which a commit travels. */
export function refBlock({ ref, commitId, sequence }: ExportedRef): Block {
  // @spec DML-STO-1040
  const name = `refs/${refKey(ref).toString('utf8')}`;
  return recordBlock(encodeRecord({ type: 'ref', name, commitId, sequence: sequence ?? 0 }));
}

/**
 * Yields a CARv1 stream of commits and everything they reach, in pieces of some 64 KiB.
 *
 * An object follows after everything it links to, so that a cut stream leaves nothing incomplete behind where it is
 * imported. Reads as the consumer takes, and holds some 60 bytes for each object seen. On a store opened for writing
 * the commits are retained first, so that refs may move and collections run during the export; on one opened for
 * reading an object that vanishes ends the stream with `object_missing`. What this repository has left out ends it with
 * `object_withheld` and `left_out`: whoever imports the stream could not get it.
 */
export async function* exportCar(
  host: ExportHost,
  refs: readonly ExportedRef[],
  onProgress: (done: ExportProgress) => void = () => {},
): AsyncGenerator<Buffer, void, undefined> {
  const { engine } = host;
  // @spec DML-STO-1006
  if (!host.isReadOnly) retainAll(host, refs);
  const blocks = refs.map(refBlock);
  // @spec DML-STO-1002
  const header = encodeHeader(blocks.map((block) => block.link));
  // @spec DML-STO-1001
  let pieces: Buffer[] = [encodeVarint(header.length), header];
  let size = header.length;
  const done = { objects: -blocks.length, bytes: pieces[0]!.length + size };
  for (const block of walkBlocks(engine, blocks, refs)) {
    const section = encodeSection(block.link, block.bytes);
    pieces.push(section);
    size += section.length;
    done.objects += 1;
    done.bytes += section.length;
    // @spec DML-STO-1005
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(pieces);
    onProgress(done);
    refreshSnapshot(engine);
    pieces = [];
    size = 0;
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
  onProgress(done);
}

function retainAll(host: ExportHost, refs: readonly ExportedRef[]): void {
  host.transact('export/retain', (transaction) => {
    for (const { commitId } of refs)
      if (!transaction.retain('commit', commitId))
        throw storeError('object_missing', { class: 'commit', objectId: commitId });
  });
}

/** Yields the ref records, then every object the commits reach, once each. */
function* walkBlocks(
  engine: Engine,
  refBlocks: readonly Block[],
  refs: readonly ExportedRef[],
): Generator<Block, void, undefined> {
  yield* refBlocks;
  const roots = refs.map(({ commitId }) => objectKey('commit', commitId) as Buffer);
  // @spec DML-STO-1003
  const rows = new RowReader(engine);
  for (const key of inLinkOrder(engine, roots, { rows })) {
    const block = objectBlock(engine, key, rows);
    if (block.class === undefined) refuseLeftOut(engine, key);
    yield block;
  }
}
