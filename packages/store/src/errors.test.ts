import { expect, it } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../test/fixture-store.ts';
import { openStore } from './open-store.ts';
import { headRef } from './refs/ref-name.ts';

it('errors say what they are about in words [DML-STO-1303]', async () => {
  const path = temporaryFolder();
  await expect(openStore(`${path}/none`, { mode: 'write' })).rejects.toThrow(
    `store_missing: there is no store in "${path}/none"`,
  );
  const environment = fakeEnvironment();
  await (await openFixture(environment, `${path}/store`)).close();
  const reader = await openStore(`${path}/store`, { mode: 'read', environment });
  expect(() => reader.transact('put', () => {})).toThrow(
    'store_read_only: the store was opened for reading, so nothing can be written (put)',
  );
  expect(() => headRef('..')).toThrow(
    'ref_name_invalid: ".." cannot name a branch: "." and ".." are folders; "branch" would do',
  );
  await reader.close();
  expect(() => reader.readRefs()).toThrow(`store_closed: the store in "${path}/store" was closed already`);
});
