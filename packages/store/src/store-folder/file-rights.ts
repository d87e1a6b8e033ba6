import { fchmodSync, fchownSync, fstatSync, type Stats } from 'node:fs';

/** The rights, owner and group that a file made in the place of another one is to have. */
export type FileRights = Pick<Stats, 'mode' | 'uid' | 'gid'>;

const ALL = 0o777;

/**
 * Rights that folders and files of a repository have when they are made, but for what the umask takes: one that
 * everybody may write to is not trusted.
 *
 * @spec DML-BND-0970
 */
export const FOLDER_MODE = 0o775;
export const FILE_MODE = 0o664;
const OF_GROUP = 0o070;

function canOwn(descriptor: number, uid: number, gid: number): boolean {
  try {
    fchownSync(descriptor, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/**
 * Sets the rights, the group and the owner of a file to those of another one, as far as the process may. Where the
 * group cannot be given, the file is for its owner and for everybody whom the other one was for, but for no other
 * group.
 */
export function adoptRights(descriptor: number, { mode, uid, gid }: FileRights): void {
  const own = fstatSync(descriptor);
  let wanted = mode & ALL;
  const isAlike = own.uid === uid && own.gid === gid;
  // @spec DML-STO-0174
  if (!isAlike && !canOwn(descriptor, uid, gid) && !canOwn(descriptor, own.uid, gid)) wanted &= ~OF_GROUP;
  // Last: a change of the owner may take rights away.
  // @spec DML-STO-0170
  if ((fstatSync(descriptor).mode & ALL) !== wanted) fchmodSync(descriptor, wanted);
}
