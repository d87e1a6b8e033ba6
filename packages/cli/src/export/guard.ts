import { lstatSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { REPOSITORY_MARK } from '@daggerml/repository';
import { cliError } from '../wording/cli-error.ts';

/** Folders that an export must not replace, by absolute paths. */
export interface ProtectedFolders {
  /** The folder `.dml` as the repository names it: neither replaced nor written into, nor what it leads to. */
  readonly repository: string;
  /** The folder the command runs in: not replaced; undefined when it is gone. */
  readonly currentFolder: string | undefined;
}

/**
 * Throws `protected_path` when a target is in, over or above the repository, or over or above the current folder, and
 * `holds_repository` when it holds another repository.
 * Files are known by their numbers and not by their names, so that neither links nor mounts nor the case of letters
 * hide what they are.
 */
export function refuseProtected(target: string, { repository, currentFolder }: ProtectedFolders): void {
  const refused = new Set([...identitiesOf(target)]);
  const above = [repository, currentFolder].flatMap((folder) =>
    folder === undefined ? [] : chainOf(folder),
  );
  // @spec DML-CLI-0820
  const isOver = above.some((each) => refused.has(each));
  // @spec DML-CLI-0840
  const isInto = chainOf(target).some((each) => identitiesOf(repository).includes(each));
  if (isOver || isInto) throw cliError('protected_path', { path: target });
  // @spec DML-CLI-0891
  if (identitiesOf(join(target, REPOSITORY_MARK)).length > 0)
    throw cliError('holds_repository', { path: target });
}

/** Returns the identities at a path: of a link, and of its target. */
function identitiesOf(path: string): string[] {
  return [lstatSync, statSync].flatMap((look) => identityBy(look, path) ?? []);
}

function identityBy(look: typeof lstatSync | typeof statSync, path: string): string | undefined {
  try {
    const stats = look(path, { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev}:${stats.ino}`;
  } catch {
    return undefined;
  }
}

/** Returns the identities at a path and of all its parents, as named and with links resolved. */
function chainOf(path: string): string[] {
  const above = (from: string): string[] => {
    const up = dirname(from);
    return [...identitiesOf(from), ...(up === from ? [] : above(up))];
  };
  return [...above(path), ...above(withoutLinks(path))];
}

function withoutLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const up = dirname(path);
    return up === path ? path : join(withoutLinks(up), basename(path));
  }
}
