import { sha256Hex } from '../hash/hash-bytes.ts';
import { utf8Bytes } from '../text/utf8.ts';

let table: Int32Array | undefined;

/**
 * Returns the 256 numbers that the rolling hash of the chunker adds per byte value; computed on first use.
 *
 * @spec DML-OBJ-2102
 */
export function gearTable(): Int32Array {
  if (table === undefined) {
    table = new Int32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      const digest = sha256Hex(utf8Bytes(`daggerml/gear/${byte}`));
      table[byte] = Number.parseInt(digest.slice(0, 8), 16) | 0;
    }
  }
  return table;
}
