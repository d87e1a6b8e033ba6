/** Digits of an id in what is meant to be typed or pasted: one of fewer may become ambiguous. */
const TYPED_ID_DIGITS = 16;

/** Digits of an id in what is only to be read. */
export const SHORT_ID_DIGITS = 12;

/** Returns the digits of an id that a listing shows. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_DIGITS);
}

/** Returns an id as a command that is proposed names it. */
export function typedId(id: string): string {
  return id.slice(0, TYPED_ID_DIGITS);
}
