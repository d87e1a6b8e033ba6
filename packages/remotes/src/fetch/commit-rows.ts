import { OBJECT_CLASS_NUMBERS } from '@daggerml/object-model';
import type { IndexObject, RecordPosition } from '../format/index-object.ts';
import type { Link } from '../format/link.ts';

/** Above every offset in a segment. */
const SEGMENT_SPAN: number = 2 ** 32;

/** The commits of an index object by where they lie: 12 bytes for each. */
export class CommitRows {
  readonly #index: IndexObject;
  /** Segment and offset of each, ascending. */
  readonly #places: Float64Array;
  readonly #numbers: Uint32Array;

  constructor(index: IndexObject) {
    this.#index = index;
    const rows: { readonly number: number; readonly place: number }[] = [];
    for (let number = 0; number < index.count; number += 1)
      if (index.classNumber(number) === OBJECT_CLASS_NUMBERS.commit)
        rows.push({ number, place: placeOf(index.position(number)) });
    rows.sort((left, right) => left.place - right.place);
    this.#places = Float64Array.from(rows, ({ place }) => place);
    this.#numbers = Uint32Array.from(rows, ({ number }) => number);
  }

  /** Yields the commits before a place in its segment, the nearest first: records follow those that they link to. */
  *before(position: RecordPosition): Generator<Link, void, undefined> {
    const place = placeOf(position);
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    for (let at = low - 1; at >= 0; at -= 1) {
      if ((this.#places[at] as number) < position.segment * SEGMENT_SPAN) return;
      const { class: objectClass, id } = this.#index.row(this.#numbers[at] as number);
      yield { class: objectClass, id };
    }
  }
}

function placeOf({ segment, offset }: RecordPosition): number {
  return segment * SEGMENT_SPAN + offset;
}
