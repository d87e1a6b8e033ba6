/** Yields each way to cut a text in two at a sign, save at its first character. */
export function* cutsAt(sign: string, text: string): Generator<[before: string, after: string]> {
  for (let at = text.indexOf(sign, 1); at > 0; at = text.indexOf(sign, at + 1))
    yield [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Yields each way to cut a path into a value off a name, the longest name first; the path begins with its `.` or `[`.
 */
export function* pathCuts(text: string): Generator<[name: string, path: string]> {
  for (let at = text.length - 1; at > 0; at -= 1)
    if (text[at] === '.' || text[at] === '[') yield [text.slice(0, at), text.slice(at)];
}
