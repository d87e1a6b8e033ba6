/**
 * Checks whether a text may have held bytes that are no UTF-8: the runtime replaces them by U+FFFD, which itself is in no
 * text that anybody types.
 *
 * @spec DML-CLI-0361
 */
export function mayBeReplaced(text: string): boolean {
  return text.includes('\ufffd');
}
