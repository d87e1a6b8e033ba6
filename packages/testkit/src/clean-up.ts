type CleanUp = () => unknown;

const waiting: Readonly<Record<'test' | 'file', CleanUp[]>> = { test: [], file: [] };

/** Calls something once the test, or the last test of the file, is over; what is given last is called first. */
export function afterTests(of: 'test' | 'file', cleanUp: CleanUp): void {
  waiting[of].push(cleanUp);
}

/** Calls what waits for the end of a test or file, which the hooks of every test file do. */
export async function cleanUp(of: 'test' | 'file'): Promise<void> {
  for (const call of waiting[of].splice(0).reverse()) await call();
}
