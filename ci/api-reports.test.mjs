import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check } from './api-reports.mjs';
import { mend, withCopy } from './fixture.mjs';

it('is red on a surface that changed, a report that is missing and no package, green once it is updated', async () => {
  await withCopy('api-reports-red', (folder) => {
    const report = join(folder, 'packages/changed/etc/changed.api.md');
    expect(check(folder).join()).toContain('packages/changed/etc/changed.api.md: the public surface differs');
    expect(check(folder, ['--update'])).toEqual([]);
    expect(readFileSync(report, 'utf8')).toContain('function added');
    expect(check(folder)).toEqual([]);
    mend(join(folder, 'packages/changed/types/index.d.ts'), 'count: number', 'count: string');
    expect(check(folder)).toHaveLength(1);
    rmSync(report);
    expect(check(folder)).toHaveLength(1);
    rmSync(join(folder, 'packages/changed'), { recursive: true });
    expect(check(folder)).toEqual(['there is no published package']);
  });
});
