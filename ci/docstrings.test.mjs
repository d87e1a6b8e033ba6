import { expect, it } from 'vitest';
import { check } from './docstrings.mjs';
import { fixture } from './fixture.mjs';

it('is red on every opening that is not one, and on a list of unfinished folders that is too long', () => {
  expect(check(fixture('docstrings-red'), [], ['old', 'clean'])).toEqual([
    'new/words.ts:4: not an opening of a doc comment: What',
    'new/words.ts:6: not an opening of a doc comment: Whether',
    'new/words.ts:10: a function opens with a verb in the third person: The',
    'new/words.ts:16: not an opening of a doc comment: Tells',
    'new/words.ts:21: only a generator yields: Yields',
    'new/words.ts:29: only a function opens so: Returns',
    'new/words.ts:32: a function opens with a verb in the third person: The',
    'clean: no finding is left, remove it from UNFINISHED',
  ]);
});

it('judges a folder that is not listed', () => {
  expect(check(fixture('docstrings-red'), [], [])).toContain(
    'old/path.ts:1: not an opening of a doc comment: Lets',
  );
});
