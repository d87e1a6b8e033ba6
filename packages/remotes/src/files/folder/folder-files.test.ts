import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolder, temporaryFolder } from '../../../test/folder-fixtures.ts';
import { remoteFilesSuite } from '../../testing/remote-files-suite.ts';

describe.each([false, true])('the remote in a folder, reached by paths: %s', (isByPath) => {
  for (const { name, run } of remoteFilesSuite) {
    it(`${name} [DML-REM-0603]`, async () => {
      const path = join(temporaryFolder(), 'remote');
      await expect(run({ open: async () => openFolder(path, { isByPath }) })).resolves.toBeUndefined();
    });
  }
});
