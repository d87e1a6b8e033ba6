import type { Needs } from '@daggerml/object-model';
import { amountsOf, FreeAmounts } from './free-amounts.ts';
import type { PoolOffers } from './needs.ts';

/** A call that waits until what it needs is free. */
export interface Waiting {
  readonly needs: Needs;
  /** True for one that waits no longer and is passed over. */
  isGone: boolean;
}

/** Calls that need the same resources, in any amounts, in the order in which they came. */
interface Row<Call> {
  readonly calls: { readonly place: number; readonly call: Call }[];
  at: number;
}

/**
 * Calls that wait for resources of one pool.
 *
 * They start in the order in which they came. A later call passes an earlier one only as far as that leaves what the
 * earlier one needs: so a large call starts as soon as enough has ended, however many small ones come in the meantime.
 */
export class NeedsQueue<Call extends Waiting> {
  readonly #free: FreeAmounts;
  readonly #rows = new Map<string, Row<Call>>();
  #places = 0;

  constructor(offers: PoolOffers) {
    this.#free = new FreeAmounts(offers);
  }

  /** Adds a call, behind all others. */
  add(call: Call): void {
    const names = amountsOf(call.needs).map(([name]) => name);
    const key = names.sort().join(' ');
    let row = this.#rows.get(key);
    if (!row) {
      row = { calls: [], at: 0 };
      this.#rows.set(key, row);
    }
    row.calls.push({ place: this.#places++, call });
  }

  /** Takes the calls that may start, whose needs are held from now on. */
  take(): Call[] {
    const taken: Call[] = [];
    for (let next = this.#next(); next; next = this.#next()) {
      // @spec DML-EXE-3161
      this.#free.take(next.needs);
      taken.push(next);
    }
    return taken;
  }

  /** Frees what a call held that was taken. */
  release({ needs }: Call): void {
    this.#free.release(needs);
  }

  /**
   * Takes out of its row the first call that may start.
   *
   * @spec DML-EXE-3162
   */
  #next(): Call | undefined {
    const left = this.#free.copy();
    const rows = [...this.#rows.values()].filter((row) => headOf(row) !== undefined);
    rows.sort((a, b) => (headOf(a)?.place ?? 0) - (headOf(b)?.place ?? 0));
    for (const row of rows) {
      const { call } = headOf(row) as NonNullable<ReturnType<typeof headOf<Call>>>;
      if (left.hasRoomFor(call.needs)) {
        row.at += 1;
        return call;
      }
      left.take(call.needs);
    }
    return undefined;
  }
}

/** Returns the first call of a row that still waits. */
function headOf<Call extends Waiting>(row: Row<Call>): Row<Call>['calls'][number] | undefined {
  while (row.calls[row.at]?.call.isGone) row.at += 1;
  if (row.at > 64 && row.at * 2 > row.calls.length) {
    row.calls.splice(0, row.at);
    row.at = 0;
  }
  return row.calls[row.at];
}
