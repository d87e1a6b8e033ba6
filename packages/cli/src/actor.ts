/** Yields who the ref journal and commits name: `DML_AUTHOR`, else the user of the environment. */
export function actorOf(env: Readonly<Record<string, string | undefined>>): string {
  return env.DML_AUTHOR || env.USER || env.LOGNAME || env.USERNAME || 'unknown';
}
