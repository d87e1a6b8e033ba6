import { expect, it } from 'vitest';
import { executionError } from './errors.ts';

it('says in words what was found and where [DML-BND-1401]', () => {
  expect(executionError('unreadable_file', { path: 'a.csv', reason: 'ENOENT' }).message).toBe(
    'unreadable_file: "a.csv" cannot be read (ENOENT)',
  );
});
