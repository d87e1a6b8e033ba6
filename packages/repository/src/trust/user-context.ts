import { isAbsolute, join } from 'node:path';

/** Folders of the user, as opposed to those of a repository. */
export interface UserContext {
  /** Folder with the list of trusted repositories; without one, none is trusted. */
  readonly configFolder?: string | undefined;
  /** The user who called `sudo`. */
  readonly sudoUid?: number | undefined;
}

const NAME = 'daggerml';

/** Returns what the variables of an environment say of the user, by the rules of the XDG base directories. */
export function userContext(env: Readonly<Record<string, string | undefined>> = process.env): UserContext {
  const folder = (named: string | undefined, inHome: string): string | undefined => {
    // A relative path is as good as none, say these rules.
    if (named !== undefined && isAbsolute(named)) return join(named, NAME);
    return env.HOME !== undefined && isAbsolute(env.HOME) ? join(env.HOME, inHome, NAME) : undefined;
  };
  return {
    // @spec DML-BND-0347
    configFolder: folder(env.XDG_CONFIG_HOME, '.config'),
    ...(/^\d+$/.test(env.SUDO_UID ?? '') && { sudoUid: Number(env.SUDO_UID) }),
  };
}
