import { describe, expect, it } from 'vitest';
import { folderError } from './folder-error.ts';

function errorOf(errno: string): unknown {
  const cause = Object.assign(new Error(errno), { code: errno });
  return folderError(cause, '/mnt/team', 'read CURRENT.json');
}

describe('the error of a folder', () => {
  it('says whether rights are lacking or the file system is read-only [DML-REM-1887]', () => {
    for (const errno of ['EACCES', 'EPERM'])
      expect(errorOf(errno)).toMatchObject({ code: 'remote_refused', detail: 'permissions' });
    expect(errorOf('EROFS')).toMatchObject({ code: 'remote_refused', detail: 'read_only' });
    expect(errorOf('EIO')).toMatchObject({ code: 'remote_unreachable', detail: undefined });
  });

  it('of a full one says that no ref moved', () => {
    expect(errorOf('ENOSPC')).toMatchObject({
      code: 'remote_full',
      words: 'there is no space left on the remote /mnt/team (ENOSPC); no branch or tag was moved there',
    });
  });
});
