import { expect, it } from 'vitest';
import { fixture } from './fixture.mjs';
import { check } from './packed-packages.mjs';

it('is red on missing files, stray files, wrong exports, wrong types and a wrong version', async () => {
  const problems = (await check(fixture('packed-packages-red'))).map((problem) => problem.split('\n')[0]);
  expect(problems).toEqual([
    'packages/broken: the tarball has no README.md',
    'packages/broken: the tarball has no LICENSE',
    'packages/broken: the tarball has no CHANGELOG.md',
    '@daggerml/broken: publint ended with exit code 1',
    '@daggerml/broken: attw finds no types',
    '@daggerml/broken: @daggerml/broken@0.0.0 has the licence "none"',
    '@daggerml/broken: tsc of an importing project ended with exit code 2',
    'packages/mistyped: the tarball has no LICENSE',
    'packages/mistyped: the tarball has no CHANGELOG.md',
    'packages/mistyped: the README leads to ../../specs/20-store.md, which is not in the tarball',
    'packages/mistyped: the tarball must not hold package/lib/index.test.js',
    '@daggerml/mistyped: attw ended with exit code 1',
    '@daggerml/mistyped: @daggerml/mistyped@0.0.0 has the licence "none"',
    '@daggerml/mistyped: tsc of an importing project ended with exit code 2',
    'mistyped --version says "9.9.9", the package is 0.0.0',
  ]);
});
