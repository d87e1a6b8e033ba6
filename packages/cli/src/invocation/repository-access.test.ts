import { DmlError } from '@daggerml/object-model';
import { storeError } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import { describeError } from '../wording/error-report.ts';
import { refuseUnreadable } from './repository-access.ts';

function refusing(refused: string, code: string): (path: string) => void {
  return (path) => {
    throw Object.assign(new Error('no'), { code: path === refused ? code : 'ENOENT' });
  };
}

describe('a repository that may not be read', () => {
  it('is reported with its path when its folder is closed [DML-CLI-1206]', () => {
    const unreadable = (code: string) => () =>
      refuseUnreadable('/project/a/b', refusing('/project/.dml/store', code));
    expect(unreadable('EACCES')).toThrow(
      expect.objectContaining({
        code: 'unreadable_repository',
        fields: { path: '/project/.dml/store', errno: 'EACCES' },
      }),
    );
    expect(unreadable('EPERM')).toThrow(DmlError);
    expect(unreadable('ENOENT')).not.toThrow();
    expect(() => refuseUnreadable('/project', () => {})).not.toThrow();
  });

  it('is reported with its path when its files are closed [DML-CLI-1206]', () => {
    const refused = storeError('store_unreadable', { path: '/project/.dml/store', errno: 'EACCES' });
    expect(describeError(refused, '/')).toMatchObject({
      exit: 10,
      message: expect.stringMatching(/"\/project\/\.dml\/store".*EACCES/),
      hint: expect.stringContaining('permissions'),
    });
  });
});
