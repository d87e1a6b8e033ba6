import type { Engine } from '../engine/engine.ts';
import { readRow, refreshSnapshot } from '../engine/reading.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import { sequenceKey } from '../tables/keyspace.ts';
import type { JournalEntry } from './journal.ts';
import { type Ref, readRefs } from './refs.ts';

/** An IndexRef with what the journal says of its last move. */
export interface IndexRefEntry extends Ref {
  readonly uuid: string;
  readonly movedMs: number;
  readonly movedBy: string;
  readonly reason: string;
}

/** Lists the IndexRefs, sorted by UUID, with their last moves. */
export function readIndexRefs(engine: Engine): IndexRefEntry[] {
  refreshSnapshot(engine);
  return readRefs(engine, 'index').map((ref) => {
    const key = sequenceKey(ref.sequence);
    // @spec DML-STO-1204
    const row = readRow(engine, 'journal', key);
    const entry = row && decodeJsonRow<JournalEntry>('journal', key, row);
    return {
      ...ref,
      // @spec DML-STO-1203 DML-STO-1202
      uuid: ref.name.slice('refs/index/'.length),
      movedMs: entry?.timeMs ?? 0,
      movedBy: entry?.actor ?? '',
      reason: entry?.reason ?? '',
    };
  });
}
