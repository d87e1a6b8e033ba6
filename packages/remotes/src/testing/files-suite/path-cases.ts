import assert from 'node:assert/strict';
import type { RemoteFiles } from '../../files/remote-files.ts';
import type { SuiteCase } from '../suite-case.ts';
import { claimPath, execPath, FOREIGN_PATHS, FOREIGN_PREFIXES, segmentPath, statePath } from './paths.ts';
import { filesCase, listAll, type RemoteFilesUnderTest, readText, utf8 } from './under-test.ts';

const IMMUTABLE = [segmentPath(1), statePath(2)];
const MUTABLE = ['CURRENT.json', claimPath(1), execPath(2)];

/** Operations with a path, and the paths of files that they are not for. */
const OPERATIONS: readonly {
  readonly name: string;
  readonly act: (files: RemoteFiles, path: string) => Promise<unknown>;
  readonly others: readonly string[];
}[] = [
  { name: 'read', act: (files, path) => files.read(path), others: MUTABLE },
  {
    name: 'read of a range',
    act: (files, path) => files.read(path, { offset: 0, length: 1 }),
    others: MUTABLE,
  },
  { name: 'put', act: (files, path) => files.put(path, utf8('x')), others: MUTABLE },
  { name: 'readVersion', act: (files, path) => files.readVersion(path), others: IMMUTABLE },
  { name: 'swap that creates', act: (files, path) => files.swap(path, null, utf8('x')), others: IMMUTABLE },
  {
    name: 'swap that replaces',
    act: (files, path) => files.swap(path, '0'.repeat(32), utf8('x')),
    others: IMMUTABLE,
  },
  {
    name: 'remove',
    act: (files, path) => files.remove([path]),
    others: ['CURRENT.json', claimPath(1)],
  },
];

/** Asserts that an operation refuses a path as none of the layout. */
async function assertInvalid(what: string, path: unknown, act: () => Promise<unknown>): Promise<void> {
  let code: unknown = 'none';
  try {
    await act();
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  assert.equal(code, 'remote_path_invalid', `error code of ${what} of ${JSON.stringify(path)}`);
}

/** Promises about the paths that every operation refuses, and about the clock. */
export const pathCases: readonly SuiteCase<RemoteFilesUnderTest>[] = [
  ...OPERATIONS.map(({ name, act, others }) =>
    filesCase(`refuses a ${name} of any path that is not of the layout or of its kind`, async (files) => {
      for (const path of [...FOREIGN_PATHS, ...others])
        await assertInvalid(name, path, () => act(files, path));
      for (const path of [undefined, null, 7, [segmentPath(1)]])
        await assertInvalid(name, path, () => act(files, path as unknown as string));
      assert.deepEqual(await listAll(files, ''), []);
    }),
  ),
  filesCase('refuses a list of any prefix that is not of the layout', async (files) => {
    for (const prefix of FOREIGN_PREFIXES) await assertInvalid('list', prefix, () => listAll(files, prefix));
  }),
  filesCase('deletes nothing where one of the paths is refused', async (files) => {
    await files.put(segmentPath(1), utf8('stays'));
    for (const bad of ['../x', 'CURRENT.json'])
      await assertInvalid('remove', bad, () => files.remove([segmentPath(1), bad]));
    assert.equal(await readText(files, segmentPath(1)), 'stays');
  }),
  filesCase('tells a time that does not go backwards', async (files, probe) => {
    const other = await probe.another();
    await files.put(segmentPath(1), utf8('x'));
    const times = [await files.now(), await other.now(), await files.now()];
    for (const [index, time] of times.entries()) {
      assert.ok(Number.isFinite(time) && time >= 0, `${time} is no time`);
      assert.ok(index === 0 || time >= (times[index - 1] as number), `${times.join(', ')} goes backwards`);
    }
    // Connections show what is left, so that looking at the clock is known to leave nothing.
    assert.deepEqual(await listAll(files, ''), [[segmentPath(1), 1]]);
  }),
  filesCase('goes on for others when one connection is closed', async (files, probe) => {
    const other = await probe.another();
    await other.put(segmentPath(1), utf8('x'));
    await other.close();
    assert.equal(await readText(files, segmentPath(1)), 'x');
    await files.put(segmentPath(2), utf8('y'));
    assert.equal(await readText(files, segmentPath(2)), 'y');
  }),
];
