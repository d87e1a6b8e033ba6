import type { Needs, PoolOffers } from './needs.ts';

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
  /** Undefined where whatever is needed is free. */
  readonly #free: Map<string, number> | undefined;
  readonly #rows = new Map<string, Row<Call>>();
  #places = 0;

  constructor(offers: PoolOffers) {
    if (offers === 'any') return;
    const amounts = Object.entries(offers).filter((each): each is [string, number] => each[1] !== true);
    this.#free = new Map(amounts);
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
      for (const [name, amount] of amountsOf(next.needs)) this.#free?.set(name, this.#freeOf(name) - amount);
      taken.push(next);
    }
    return taken;
  }

  /** Frees what a call held that was taken. */
  release({ needs }: Call): void {
    for (const [name, amount] of amountsOf(needs)) this.#free?.set(name, this.#freeOf(name) + amount);
  }

  /**
   * Takes out of its row the first call that may start.
   *
   * @spec DML-EXE-3162
   */
  #next(): Call | undefined {
    const left = this.#free && new Map(this.#free);
    const rows = [...this.#rows.values()].filter((row) => headOf(row) !== undefined);
    rows.sort((a, b) => (headOf(a)?.place ?? 0) - (headOf(b)?.place ?? 0));
    for (const row of rows) {
      const { call } = headOf(row) as NonNullable<ReturnType<typeof headOf<Call>>>;
      const amounts = amountsOf(call.needs);
      if (left === undefined || amounts.every(([name, amount]) => (left.get(name) ?? 0) >= amount)) {
        row.at += 1;
        return call;
      }
      for (const [name, amount] of amounts) left.set(name, (left.get(name) ?? 0) - amount);
    }
    return undefined;
  }

  #freeOf(name: string): number {
    return this.#free?.get(name) ?? 0;
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

function amountsOf(needs: Needs): [string, number][] {
  return Object.entries(needs).filter((each): each is [string, number] => each[1] !== true);
}
