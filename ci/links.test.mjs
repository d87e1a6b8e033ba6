import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixture, withCopy } from './fixture.mjs';
import { check } from './links.mjs';

it('is red on a dead file, a dead anchor, an absolute link and one that leaves the repository', () => {
  expect(check(fixture('links-red'))).toEqual([
    'page.md:3: no such file: gone.md',
    'page.md:3: no such heading: other.md#nowhere',
    'page.md:3: link is not relative: /other.md',
    'page.md:3: link leaves the repository: ../../README.md',
    'page.md:12: no such file: also-gone.md',
  ]);
});

it('is green on a page whose links hold', async () => {
  await withCopy('links-red', (folder) => {
    rmSync(join(folder, 'page.md'));
    expect(check(folder)).toEqual([]);
  });
});
