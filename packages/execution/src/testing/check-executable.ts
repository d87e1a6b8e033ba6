import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../adapters/executable/find-executable.ts';
import { PrivateFolder } from '../process/private-folder.ts';
import type { ExecutableUnderTest } from './executable-probe.ts';
import { executableSuite, protocolCases } from './executable-suite.ts';
import type { SuiteCase } from './suite-case.ts';

/** Finding about one promise of an executable; `problem` says how it breaks it. */
export interface ExecutableFinding {
  readonly promise: string;
  readonly problem: string | undefined;
}

/**
 * Judges an executable of a search path, without an example by less, and by the first promise alone where it breaks
 * that. Undefined where there is none of that name.
 */
export async function checkExecutable({
  searchPath,
  ...given
}: Omit<ExecutableUnderTest, 'program' | 'folder'> & { readonly searchPath: string }): Promise<
  { readonly program: string; readonly findings: readonly ExecutableFinding[] } | undefined
> {
  const program = findExecutable(given.name, searchPath);
  if (program === undefined) return undefined;
  const cases: readonly SuiteCase<never>[] = given.example ? executableSuite : protocolCases;
  const own = new PrivateFolder('dml-check');
  const findings: ExecutableFinding[] = [];
  try {
    for (const [index, { name: promise, run }] of cases.entries()) {
      const folder = join(own.path, String(index));
      mkdirSync(folder);
      const problem = await run({ ...given, program, folder } as never).then(
        () => undefined,
        (error: Error) => error.message,
      );
      findings.push({ promise, problem });
      // All others begin with the same question.
      if (index === 0 && problem !== undefined) break;
    }
  } finally {
    await own.close();
  }
  return { program, findings };
}
