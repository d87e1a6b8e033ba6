/** Bytes of a value by which it is told whether they are text. */
const LOOKED_AT = 8_000;

/**
 * Checks whether bytes are the beginning of text: UTF-8 without a null byte, as far as a reader looks who has to decide.
 */
export function looksLikeText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, LOOKED_AT);
  if (head.includes(0)) return false;
  try {
    // A character may be cut through at the end.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Yields the text of pieces of bytes, each piece as far as its characters and its last line end are whole. */
export function* decodedPieces(pieces: Iterable<Uint8Array>): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for (const piece of pieces) {
    const text = rest + decoder.decode(piece, { stream: true });
    rest = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - rest.length);
  }
  yield rest + decoder.decode();
}
