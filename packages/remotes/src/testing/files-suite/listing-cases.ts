import assert from 'node:assert/strict';
import type { SuiteCase } from '../suite-case.ts';
import { checkPathOf, claimPath, execPath, segmentPath, statePath } from './paths.ts';
import { filesCase, listAll, type RemoteFilesUnderTest, swapAlone, utf8 } from './under-test.ts';

/** Promises about listings. */
export const listingCases: readonly SuiteCase<RemoteFilesUnderTest>[] = [
  filesCase('lists nothing on a remote without files', async (files) => {
    assert.deepEqual(await listAll(files, ''), []);
    assert.deepEqual(await listAll(files, 'states/'), []);
    assert.deepEqual(await listAll(files, 'claims/'), []);
  }),
  filesCase('lists a file with its size as soon as it is put', async (files, probe) => {
    const other = await probe.another();
    for (let count = 1; count <= 20; count += 1) {
      await files.put(segmentPath(count), utf8('x'.repeat(count)));
      const expected = Array.from({ length: count }, (_, index) => [segmentPath(index + 1), index + 1]);
      assert.deepEqual(await listAll(other, 'segments/'), expected);
    }
  }),
  filesCase('lists the files whose path begins with the prefix, and no others', async (files) => {
    const paths = [segmentPath(1, 1), segmentPath(2, 1), segmentPath(3, 11), statePath(4)];
    for (const path of paths) await files.put(path, utf8('x'));
    const listed = async (prefix: string): Promise<string[]> =>
      (await listAll(files, prefix)).map(([path]) => path);
    assert.deepEqual(await listed(''), [...paths].sort());
    assert.deepEqual(await listed('segments/'), paths.slice(0, 3).sort());
    assert.deepEqual(await listed('segments/1'), paths.slice(0, 3).sort());
    assert.deepEqual(await listed('segments/1-'), paths.slice(0, 2));
    assert.deepEqual(await listed('segments/11-'), paths.slice(2, 3));
    assert.deepEqual(await listed('segments/2'), []);
    assert.deepEqual(await listed('states/0-4-'), paths.slice(3));
    assert.deepEqual(await listed('indexes/'), []);
  }),
  filesCase('lists a mutable file under its own path with the size of its content', async (files) => {
    await swapAlone(files, 'CURRENT.json', null, 'first');
    await swapAlone(files, claimPath(1), null, 'a claim');
    await swapAlone(files, execPath(2), null, 'an exec ref');
    const version = await swapAlone(files, checkPathOf(3, 'json'), null, 'first');
    await swapAlone(files, checkPathOf(3, 'json'), version, 'a longer second');
    assert.deepEqual(await listAll(files, ''), [
      ['CURRENT.json', 5],
      [checkPathOf(3, 'json'), 15],
      [claimPath(1), 7],
      [execPath(2), 11],
    ]);
    assert.deepEqual(await listAll(files, 'claims/'), [[claimPath(1), 7]]);
    assert.deepEqual(await listAll(files, 'exec/'), [[execPath(2), 11]]);
    assert.deepEqual(await listAll(files, `${claimPath(1).slice(0, 20)}`), [[claimPath(1), 7]]);
  }),
  filesCase('lists every file that stays, while others come and go', async (files, probe) => {
    const writer = await probe.another();
    const staying = Array.from({ length: 40 }, (_, index) => segmentPath(1000 + index));
    for (const path of staying) await files.put(path, utf8('stays'));
    let isOver = false;
    const churn = async (): Promise<void> => {
      for (let round = 0; !isOver; round = (round + 1) % 500) {
        await writer.put(segmentPath(round), utf8('goes'));
        await writer.remove([segmentPath(round)]);
      }
    };
    const churning = churn();
    try {
      for (let round = 0; round < 25; round += 1) {
        const listed = new Set((await listAll(files, 'segments/')).map(([path]) => path));
        assert.deepEqual(
          staying.filter((path) => !listed.has(path)),
          [],
        );
      }
    } finally {
      isOver = true;
      await churning;
    }
  }),
];
