import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { checkCallOptions } from './call-options.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.memory({ functions: {} });
});
afterAll(() => workspace.close());

it.each([
  [{ timeOutMs: 5 }, 'a call has no option "timeOutMs"; did you mean timeoutMs?'],
  [{ retris: 5 }, 'a call has no option "retris"; did you mean retries?'],
  [{ toString: 5 }, 'a call has no option "toString"'],
])('refuses the unknown option of %j with the nearest name [DML-EXE-3110]', (options, text) => {
  expect(() => workspace.begin().ask('half', [1], options as object)).toThrow(`invalid_option: ${text}`);
});

it.each([
  [{ cache: 'no' }, 'the option "cache" of a call takes true or false, not "no"'],
  [{ retryFailed: 1 }, 'the option "retryFailed" of a call takes true or false, not 1'],
  [{ timeoutMs: '5' }, 'the option "timeoutMs" of a call takes a number of milliseconds above 0'],
  [{ timeoutMs: 0 }, 'at most 2147483647, not 0'],
  [{ budgetMs: 2 ** 31 }, 'the option "budgetMs" of a call takes a number of milliseconds above 0'],
  [{ budgetMs: Number.NaN }, 'not NaN'],
  [{ retries: 1.5 }, 'the option "retries" of a call takes a whole number from 0, not 1.5'],
  [{ retries: -1 }, 'not -1'],
  [{ retryOn: 'ECONNRESET' }, 'takes \'throw\', or a list of names or codes of errors, not "ECONNRESET"'],
  [{ retryOn: [Error] }, 'not this list'],
  [{ retryOn: {} }, 'not an object'],
  [{ needs: { gpu: '1' } }, 'the option "needs" of a call takes whole numbers above 0, or true, by names'],
  [{ needs: ['gpu'] }, 'not this list'],
  [{ label: '' }, 'the option "label" of a call takes a text, not ""'],
])('refuses the wrong value of %j [DML-EXE-3111]', (options, text) => {
  const error = { code: 'invalid_option', message: expect.stringContaining(text) };
  expect(() => checkCallOptions(options)).toThrow(expect.objectContaining(error));
});

it('takes every option, and one that is undefined for one that is not given', () => {
  const numbers = { timeoutMs: 1, budgetMs: 2 ** 31 - 1, retries: 0 };
  expect(() => checkCallOptions({ ...numbers, cache: true, retryFailed: false, label: 'a' })).not.toThrow();
  expect(() => checkCallOptions({ retryOn: ['ECONNRESET'], timeoutMs: undefined })).not.toThrow();
  expect(() => checkCallOptions({ retryOn: 'throw' })).not.toThrow();
});
