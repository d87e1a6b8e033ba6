import { expect, it } from 'vitest';
import { check } from './docstrings.mjs';
import { fixture } from './fixture.mjs';

it('is red on every opening that is not one', () => {
  expect(check(fixture('docstrings-red'))).toEqual([
    'words.ts:4: not an opening of a doc comment: What',
    'words.ts:6: not an opening of a doc comment: Whether',
    'words.ts:10: a function opens with a verb in the third person: The',
    'words.ts:16: not an opening of a doc comment: Tells',
    'words.ts:21: only a generator yields: Yields',
    'words.ts:29: only a function opens so: Returns',
    'words.ts:32: a function opens with a verb in the third person: The',
  ]);
});
