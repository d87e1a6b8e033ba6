import type { ExecId } from '@daggerml/object-model';
import type { OutcomePlace } from '../format/cache-row.ts';
import type { IndexObject, RecordPosition } from '../format/index-object.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment.ts';
import { sectionHeadBytes } from './read-sections.ts';

/**
 * Returns the places of execs by the index object of their group; those that are not there are left out. What lies
 * between two execs belongs to the outcome of the later one: an outcome is put as a whole, its exec at the end.
 *
 * @spec DML-REM-1217
 */
export function placeExecs(execIds: Iterable<ExecId>, index: IndexObject): Map<ExecId, OutcomePlace> {
  const found: { readonly execId: ExecId; readonly position: RecordPosition }[] = [];
  for (const execId of new Set(execIds)) {
    const position = index.find('exec', execId);
    if (position !== undefined) found.push({ execId, position });
  }
  found.sort(
    ({ position: left }, { position: right }) => left.segment - right.segment || left.offset - right.offset,
  );
  const places = new Map<ExecId, OutcomePlace>();
  let last: RecordPosition | undefined;
  for (const { execId, position } of found) {
    const { segment, offset, length } = position;
    const start = last?.segment === segment ? last.offset + last.length : SEGMENT_HEADER_BYTES;
    places.set(execId, {
      segment: index.segments[segment] as string,
      offset,
      length,
      before: Math.max(0, offset - sectionHeadBytes(length) - start),
    });
    last = position;
  }
  return places;
}
