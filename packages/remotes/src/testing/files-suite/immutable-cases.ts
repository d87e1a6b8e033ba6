import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { SuiteCase } from '../suite-case.ts';
import { checkPathOf, segmentPath, statePath } from './paths.ts';
import { filesCase, listAll, type RemoteFilesUnderTest, readText, utf8 } from './under-test.ts';

const MIB = 2 ** 20;

/** Returns bytes of which no two runs are alike, the same each time. */
function manyBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  const words = new Uint32Array(bytes.buffer, 0, count >>> 2);
  let mixed = 1;
  for (let index = 0; index < words.length; index += 1) {
    mixed = (Math.imul(mixed, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = mixed;
  }
  return bytes;
}

const sha256 = (bytes: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

/** Promises about immutable files. */
export const immutableCases: readonly SuiteCase<RemoteFilesUnderTest>[] = [
  filesCase('reads a file back as soon as it is put, through every connection', async (files, probe) => {
    const other = await probe.another();
    await files.put(segmentPath(1), utf8('content of one'));
    await other.put(statePath(2), utf8('content of two'));
    for (const connection of [files, other]) {
      assert.equal(await readText(connection, segmentPath(1)), 'content of one');
      assert.equal(await readText(connection, statePath(2)), 'content of two');
    }
  }),
  filesCase('answers undefined for an absent file, whole and in part', async (files) => {
    assert.equal(await files.read(segmentPath(1)), undefined);
    assert.equal(await files.read(segmentPath(1), { offset: 0, length: 10 }), undefined);
    await files.put(segmentPath(2), utf8('another'));
    assert.equal(await files.read(segmentPath(1)), undefined);
  }),
  filesCase('reads ranges, and over the end of the file what there is', async (files) => {
    const path = segmentPath(3);
    await files.put(path, utf8('0123456789'));
    const read = (offset: number, length: number): Promise<string | undefined> =>
      readText(files, path, { offset, length });
    assert.equal(await read(0, 10), '0123456789');
    assert.equal(await read(0, 1), '0');
    assert.equal(await read(3, 4), '3456');
    assert.equal(await read(9, 1), '9');
    assert.equal(await read(7, 100), '789');
    assert.equal(await read(0, 1000), '0123456789');
    assert.equal(await read(10, 5), '');
    assert.equal(await read(5000, 5), '');
    assert.equal(await read(4, 0), '');
  }),
  filesCase('keeps a file without bytes', async (files) => {
    await files.put(segmentPath(4), new Uint8Array());
    assert.equal(await readText(files, segmentPath(4)), '');
    assert.equal(await readText(files, segmentPath(4), { offset: 0, length: 5 }), '');
    assert.deepEqual(await listAll(files, 'segments/'), [[segmentPath(4), 0]]);
  }),
  filesCase('puts the same bytes again, one after the other and at once', async (files, probe) => {
    const path = statePath(5);
    const writers = await probe.writers(8);
    await files.put(path, utf8('the same'));
    await files.put(path, utf8('the same'));
    await Promise.all(writers.map((writer) => writer.put(path, utf8('the same'))));
    assert.equal(await readText(files, path), 'the same');
    assert.deepEqual(await listAll(files, ''), [[path, 8]]);
  }),
  filesCase('keeps a file of 20 MiB', async (files, probe) => {
    const path = segmentPath(6);
    const bytes = manyBytes(20 * MIB + 3);
    await files.put(path, bytes);
    const other = await probe.another();
    assert.equal(sha256(await other.read(path)), sha256(bytes));
    for (const [offset, length] of [
      [0, 5],
      [MIB - 2, 4],
      [8 * MIB - 1, 9 * MIB],
      [16 * MIB - 3, 6],
      [20 * MIB, 100],
    ] as const) {
      const part = await other.read(path, { offset, length });
      assert.equal(sha256(part), sha256(bytes.subarray(offset, offset + length)), `${length} from ${offset}`);
    }
    assert.deepEqual(await listAll(files, 'segments/'), [[path, bytes.length]]);
  }),
  filesCase('shares no memory with its callers', async (files) => {
    const given = utf8('as it was put');
    await files.put(segmentPath(7), given);
    given.fill(0);
    (await files.read(segmentPath(7)))?.fill(1);
    assert.equal(await readText(files, segmentPath(7)), 'as it was put');
    // A part of a larger buffer is that part and nothing around it.
    await files.put(segmentPath(8), utf8('[inner]').subarray(1, 6));
    assert.equal(await readText(files, segmentPath(8)), 'inner');
  }),
  filesCase('deletes files, and takes absent ones as deleted', async (files, probe) => {
    const other = await probe.another();
    const paths = [segmentPath(1), segmentPath(2), statePath(3), checkPathOf(4, 'bin')];
    await files.remove(paths);
    await files.remove([]);
    for (const path of paths) await files.put(path, utf8(path));
    await other.remove([segmentPath(1), segmentPath(9), statePath(3)]);
    assert.equal(await files.read(segmentPath(1)), undefined);
    assert.equal(await files.read(statePath(3)), undefined);
    assert.equal(await readText(files, segmentPath(2)), segmentPath(2));
    assert.deepEqual(
      (await listAll(files, '')).map(([path]) => path),
      [checkPathOf(4, 'bin'), segmentPath(2)],
    );
    await Promise.all([files.remove(paths), other.remove(paths)]);
    assert.deepEqual(await listAll(other, ''), []);
  }),
  filesCase('deletes more files at once than fit into one request', async (files, probe) => {
    const writers = await probe.writers(16);
    const paths = Array.from({ length: 1100 }, (_, index) => segmentPath(index));
    let next = 0;
    const work = async (writer: (typeof writers)[number]): Promise<void> => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++])
        await writer.put(path, utf8('x'));
    };
    await Promise.all(writers.map(work));
    // A listing does not fit into one answer either.
    assert.deepEqual(
      await listAll(files, 'segments/'),
      paths.map((path) => [path, 1]),
    );
    await files.remove(paths.slice(0, 1050));
    assert.deepEqual(
      await listAll(files, 'segments/'),
      paths.slice(1050).map((path) => [path, 1]),
    );
  }),
];
