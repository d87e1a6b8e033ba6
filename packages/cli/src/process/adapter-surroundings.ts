import type { RepositoryOptions } from '@daggerml/bindings';

/** Variables that programs need to find their parts, and that hold no secret. */
const NAMES: readonly string[] = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LANG', 'LANGUAGE'];

/**
 * Returns where adapters are looked for, and what they see: variables that hold no secret, and those that `--env` names.
 *
 * @spec DML-CLI-1950
 */
export function adapterSurroundings(
  env: Readonly<Record<string, string | undefined>>,
  passed: Readonly<Record<string, string>> = {},
): NonNullable<RepositoryOptions['executables']> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && (NAMES.includes(name) || name.startsWith('LC_'))) environment[name] = value;
  return { searchPath: env.PATH ?? '', environment: { ...environment, ...passed } };
}
