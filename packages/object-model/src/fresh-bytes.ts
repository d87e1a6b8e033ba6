/** Views share slabs of this size; a kept record keeps its slab in memory. */
const SLAB_BYTES = 8192;
/** Longer byte strings get memory of their own. */
const MAX_SHARED_BYTES = 1024;

let slab: ArrayBuffer | undefined;
let used = 0;

/**
 * Returns zeroed bytes that only the caller uses.
 *
 * Short ones are views of a slab: a buffer of their own costs more than encoding and hashing a record. So they
 * must not be transferred to another thread.
 */
export function freshBytes(length: number): Uint8Array {
  if (length > MAX_SHARED_BYTES) return new Uint8Array(length);
  if (slab === undefined || used + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}

const transient = new ArrayBuffer(MAX_SHARED_BYTES);
const transientViews: Uint8Array[] = [];

/** Returns bytes that the next call with the same length returns again, with the content that was left in them. */
export function transientBytes(length: number): Uint8Array {
  if (length > MAX_SHARED_BYTES) return new Uint8Array(length);
  let view = transientViews[length];
  if (view === undefined) {
    view = new Uint8Array(transient, 0, length);
    transientViews[length] = view;
  }
  return view;
}
