/** Returns every global of this thread, and the intrinsics that no global leads to. */
export function intrinsicsOf(): object[] {
  const regExpMatches = 'a'.matchAll(/a/g);
  const unnamed: object[] = [
    (function* () {})(),
    (async function* () {})(),
    async () => {},
    [][Symbol.iterator](),
    new Map().entries(),
    new Set().values(),
    ''[Symbol.iterator](),
    regExpMatches,
  ];
  return [
    globalThis,
    process,
    process.env,
    Buffer,
    performance,
    globalThis.crypto,
    console,
    ...unnamed.map((value) => Object.getPrototypeOf(value) as object),
  ];
}
