/**
 * The turns of calls that a thread makes together, shared by the thread and its pool: the pool may take back those that
 * were not begun.
 */
const NEXT = 0;
const END = 1;
const { add, load, store } = Atomics;

/** Creates turns that are all over. */
export function createTurns(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Offers turns 0 to `end`; the thread has none then. */
export function offerTurns(turns: Int32Array, end: number): void {
  store(turns, NEXT, 0);
  store(turns, END, end);
}

/** Takes the next turn; it may lie behind the end. */
export function takeNext(turns: Int32Array): number {
  return add(turns, NEXT, 1);
}

/** Returns the end of the turns that the thread may take. */
export function endOf(turns: Int32Array): number {
  return load(turns, END);
}

/**
 * Takes back the turns that were not begun, and returns the first of them. A thread that is about to begin it finds the
 * end and leaves it, or is seen to have taken it.
 */
export function takeBack(turns: Int32Array): number {
  store(turns, END, load(turns, NEXT));
  return load(turns, NEXT);
}
