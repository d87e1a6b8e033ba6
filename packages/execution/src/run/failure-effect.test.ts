import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from '@daggerml/store';
import { expect, it } from 'vitest';
import { executionError } from '../errors.ts';
import { isRetryable, isStoreFailure } from './failure-effect.ts';

const SPEC = join(import.meta.dirname, '../../../../specs/30-execution.md');
/** A row of the table of codes whose failures are attempts that failed. */
const ROW = /^\| `(\w+)` \| infrastructure \| (yes|no|if asked) \|/gm;

it('retries a failure by its code as the document says [DML-EXE-2101]', () => {
  const [, section = ''] = readFileSync(SPEC, 'utf8').split('## 21. Error surface');
  const rows = [...section.matchAll(ROW)];
  expect(rows).toHaveLength(17);
  for (const [, code = '', retried] of rows)
    expect({ code, retried: isRetryable(code) }).toEqual({ code, retried: retried !== 'no' });
  for (const code of ['unreadable_file', 'object_missing', 'store_busy', 'a_code_of_its_own', 'toString'])
    expect({ code, retried: isRetryable(code) }).toEqual({ code, retried: false });
});

it('distinguishes a failure of the whole store from one of an object', () => {
  for (const code of ['store_closed', 'store_full', 'session_lost'] as const)
    expect(isStoreFailure(storeError(code))).toBe(true);
  expect(isStoreFailure(storeError('object_missing'))).toBe(false);
  expect(isStoreFailure(executionError('worker_lost'))).toBe(false);
  expect(isStoreFailure(new Error('store_full'))).toBe(false);
});
