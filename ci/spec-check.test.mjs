import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { tools } from '../tools/run/workspace.mjs';
import { mend, withCopy } from './fixture.mjs';
import { check } from './spec-check.mjs';

it('is red on a reused ID and on an index that is not current, green once they are mended', async () => {
  await withCopy('spec-check-red', async (folder) => {
    const [problem] = await check(folder);
    for (const finding of ['id_reused', 'file_outdated']) expect(problem).toContain(finding);
    mend(
      join(folder, 'specs/10-object-model.md'),
      '- [DML-OBJ-0001] {planned} A record MUST be readable.\n',
      '',
    );
    await capture(process.execPath, [tools.specExtract, 'generate', '--root', folder]);
    expect(await check(folder)).toEqual([]);
  });
});
