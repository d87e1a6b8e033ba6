import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { problemsIn } from './faults.mjs';
import { fixture } from './fixture.mjs';

const figures = JSON.parse(readFileSync(join(fixture('faults-red'), 'figures.json'), 'utf8'));

it('is red on a broken promise, on a death, and on a run in which nothing was tried', () => {
  expect(problemsIn(figures)).toEqual([
    'a promise that broke: lost a commit',
    'a process that died: 1 processes died by a signal',
    'no fault met: nothing was tried',
    'no image: nothing was tried',
  ]);
});

it('is green on runs that kept every promise', () => {
  expect(problemsIn(figures.filter(({ name }) => name.startsWith('good')))).toEqual([]);
});
