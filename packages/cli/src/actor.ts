import { userInfo } from 'node:os';

/** Yields who the ref journal and commits name: `DML_AUTHOR`, else the user of the environment or the system. */
export function actorOf(env: Readonly<Record<string, string | undefined>>): string {
  return env.DML_AUTHOR || env.USER || env.LOGNAME || env.USERNAME || systemUser();
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return 'unknown';
  }
}
