/** Rows of one length that lie one behind the other, each beginning with its key. */
export interface PackedRows {
  readonly bytes: Buffer;
  readonly count: number;
  readonly rowBytes: number;
  /** Bytes of the key; hashes, or at least spread like those in the first four. */
  readonly keyBytes: number;
}

/** Returns the numbers of rows in the bytewise order of their keys, equal keys as they stand. O(rows · log rows). */
export function sortRows({ bytes, count, rowBytes, keyBytes }: PackedRows): Float64Array {
  // A number has 53 bits: those that tell the rows apart, and before them as many of a key's first 32 as fit.
  const rowBits = Math.ceil(Math.log2(Math.max(count, 2)));
  const rowSpan = 2 ** rowBits;
  const unusedBits = Math.max(0, 32 + rowBits - 53);
  const prefixOf = (row: number): number => bytes.readUInt32BE(row * rowBytes) >>> unusedBits;
  const compare = (left: number, right: number): number => {
    const leftAt = left * rowBytes;
    const rightAt = right * rowBytes;
    return bytes.compare(bytes, rightAt, rightAt + keyBytes, leftAt, leftAt + keyBytes) || left - right;
  };
  const order = new Float64Array(count);
  for (let row = 0; row < count; row += 1) order[row] = prefixOf(row) * rowSpan + row;
  order.sort();
  for (let at = 0; at < count; at += 1) order[at] = (order[at] as number) % rowSpan;
  // Rows of one prefix are still in the order in which they came.
  for (let from = 0; from < count; ) {
    const prefix = prefixOf(order[from] as number);
    let to = from + 1;
    while (to < count && prefixOf(order[to] as number) === prefix) to += 1;
    if (to - from > 1) order.subarray(from, to).sort(compare);
    from = to;
  }
  return order;
}
