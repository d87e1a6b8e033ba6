import { expect, it } from 'vitest';
import { root } from '../tools/run/workspace.mjs';
import { check, LINE } from './dependency-line.mjs';
import { fixture } from './fixture.mjs';

it('is red on every way to leave the dependency line', () => {
  expect(check(fixture('dependency-line-red'))).toEqual([
    `docs/ARCHITECTURE.md does not show the dependency line: ${LINE.map((names) => names.join(', ')).join(' ← ')}`,
    'packages/attic: not in the dependency line',
    'packages/object-model/package.json: dependencies must not name @daggerml/store',
    'packages/object-model/src/index.ts:1: import against the dependency line: @daggerml/store',
    'packages/object-model/src/index.ts:2: import leaves the package: ../../store/src/index.ts',
    'packages/store/src/index.ts:1: import of a path that is not exported: @daggerml/object-model/inner',
    'packages/store/src/index.ts:2: the testkit is for tests: @daggerml/testkit',
    'tools/reader/src/index.ts:1: a tool imports no package: @daggerml/store',
  ]);
});

it('holds for this repository', () => {
  expect(check(root)).toEqual([]);
});
