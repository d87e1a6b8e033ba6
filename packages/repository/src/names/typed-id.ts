/** Digits of an id in what is meant to be typed or pasted: one of fewer may become ambiguous. */
const TYPED_ID_DIGITS = 16;

/** Yields an id as a command that is proposed names it. */
export function typedId(id: string): string {
  return id.slice(0, TYPED_ID_DIGITS);
}
