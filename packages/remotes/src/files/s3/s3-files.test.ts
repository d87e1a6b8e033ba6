import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restoreEnvironment } from '../../../test/aws-environment.ts';
import {
  BUCKET,
  createS3World,
  listed,
  outcomeOf,
  outcomesOf,
  type S3World,
  segmentPath,
} from '../../../test/s3-world.ts';
import type { FileVersion } from '../remote-files.ts';

const MIB = 1024 * 1024;
const CURRENT = 'CURRENT.json';
const PATH = segmentPath();
const KEY = `team/a b/${PATH}`;

const bytesOf = (text: string) => Buffer.from(text);

restoreEnvironment();
let world: S3World;
beforeEach(async () => {
  world = await createS3World();
});
afterEach(() => world.close());

describe('conditional writes', () => {
  it('create with If-None-Match and replace with If-Match [DML-REM-0606]', async () => {
    const { files, server } = world;
    const created = await files.swap(CURRENT, null, bytesOf('1'));
    expect(created).toMatchObject({ outcome: 'applied', version: expect.any(String) });
    const { version } = created as { version: string };
    expect(await files.swap(CURRENT, null, bytesOf('2'))).toEqual({ outcome: 'refused' });
    const replaced = await files.swap(CURRENT, version, bytesOf('3'));
    expect(replaced).toMatchObject({ outcome: 'applied' });
    expect(await files.swap(CURRENT, version, bytesOf('4'))).toEqual({ outcome: 'refused' });
    expect(await files.readVersion(CURRENT)).toMatchObject({ bytes: bytesOf('3') });
    const conditions = server.requests
      .filter(({ operation }) => operation === 'PutObject')
      .map(({ headers }) => [headers['if-none-match'], headers['if-match']]);
    expect(conditions).toEqual([
      ['*', undefined],
      ['*', undefined],
      [undefined, version],
      [undefined, version],
    ]);
  });

  it('are refused where the file to replace is absent [DML-REM-0606]', async () => {
    expect(await world.files.swap(CURRENT, '"x"', bytesOf('1'))).toEqual({ outcome: 'refused' });
    expect(await world.files.readVersion(CURRENT)).toBeUndefined();
  });

  it('have one winner of many', async () => {
    const { files } = world;
    const first = (await files.swap(CURRENT, null, bytesOf('first'))) as { version: string };
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, at) => files.swap(CURRENT, first.version, bytesOf(`writer ${at}`))),
    );
    expect(answers.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'refused')).toHaveLength(31);
  });
});

describe('reads', () => {
  it('return whole files and ranges', async () => {
    const { files } = world;
    expect(await files.read(PATH)).toBeUndefined();
    expect(await files.read(PATH, { offset: 0, length: 4 })).toBeUndefined();
    expect(await files.read(PATH, { offset: 0, length: 0 })).toBeUndefined();
    await files.put(PATH, bytesOf('hello world'));
    expect(await files.read(PATH)).toEqual(bytesOf('hello world'));
    expect(await files.read(PATH, { offset: 6, length: 3 })).toEqual(bytesOf('wor'));
    expect(await files.read(PATH, { offset: 6, length: 99 })).toEqual(bytesOf('world'));
    expect(await files.read(PATH, { offset: 11, length: 1 })).toEqual(bytesOf(''));
    expect(await files.read(PATH, { offset: 3, length: 0 })).toEqual(bytesOf(''));
  });

  it('return ranges of servers that send the whole file', async () => {
    const { files, server } = world;
    await files.put(PATH, bytesOf('hello world'));
    server.modes.ignoresRanges = true;
    expect(await files.read(PATH, { offset: 6, length: 3 })).toEqual(bytesOf('wor'));
    expect(await files.read(PATH, { offset: 20, length: 3 })).toEqual(bytesOf(''));
  });

  it('return empty files', async () => {
    await world.files.put(PATH, bytesOf(''));
    expect(await world.files.read(PATH)).toEqual(bytesOf(''));
    expect(await world.files.read(PATH, { offset: 0, length: 1 })).toEqual(bytesOf(''));
  });

  it.each([false, true])(
    'report a known version as unchanged, also of a server that sends it again: %s [DML-REM-0646]',
    async (isIgnoring) => {
      const { files, server } = world;
      server.modes.ignoresReadConditions = isIgnoring;
      await files.swap(CURRENT, null, bytesOf('1'));
      const { version } = (await files.readVersion(CURRENT)) as FileVersion;
      expect(await files.readVersion(CURRENT, version)).toBe('unchanged');
      await files.swap(CURRENT, version, bytesOf('2'));
      expect(await files.readVersion(CURRENT, version)).toMatchObject({ bytes: bytesOf('2') });
      expect(
        await files.readVersion(`exec/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.json`, version),
      ).toBe(undefined);
    },
  );
});

describe('puts', () => {
  it('send a file above 64 MiB in parts, and one of 64 MiB whole [DML-REM-0616]', async () => {
    const { files, server } = world;
    const large = randomBytes(64 * MIB + 1);
    await files.put(PATH, large.subarray(0, 64 * MIB));
    expect(server.requests.map(({ operation }) => operation)).toEqual(['PutObject']);
    server.forget();
    await files.put(PATH, large);
    expect(server.count('PutObject')).toBe(0);
    const parts = server.requests.filter(({ operation }) => operation === 'UploadPart');
    expect(parts.map(({ sizeBytes }) => sizeBytes).sort((one, other) => one - other)).toEqual([
      1,
      ...Array(4).fill(16 * MIB),
    ]);
    expect(server.buckets.bytesOf(BUCKET, KEY)?.equals(large)).toBe(true);
    expect(server.buckets.uploadCount).toBe(0);
    expect((await files.read(PATH))?.length).toBe(large.length);
  });

  it('sign the hash of the bytes, so that the server finds what was changed under way', async () => {
    const { files, server } = world;
    const hash = createHash('sha256').update('bytes').digest('hex');
    await files.put(PATH, bytesOf('bytes'));
    await files.put(PATH, bytesOf('bytes'), hash);
    expect(server.requests.map(({ headers }) => headers['x-amz-content-sha256'])).toEqual([hash, hash]);
    // What is said to be known is not computed again here; the server does.
    await expect(files.put(PATH, bytesOf('bytes'), 'f'.repeat(64))).rejects.toThrow('SHA256Mismatch');
    // Servers of others refuse what they do not know.
    const names = Object.keys(server.requests[0]?.headers ?? {});
    expect(names.filter((name) => /checksum|expect|trailer/.test(name))).toEqual([]);
  });
});

describe('lists', () => {
  it('show what is below a prefix, over several pages', async () => {
    const { files, server } = world;
    server.modes.pageSize = 2;
    await files.swap(CURRENT, null, bytesOf('1'));
    for (let number = 0; number < 5; number += 1) await files.put(segmentPath(number), bytesOf('12'));
    server.buckets.store(BUCKET, 'team/a b/', bytesOf(''));
    server.buckets.store(BUCKET, 'team/a bc', bytesOf(''));
    server.buckets.store(BUCKET, 'team/a b/notes & <drafts>.txt', bytesOf('123'));
    const segments = [0, 1, 2, 3, 4].map(segmentPath);
    expect(await listed(files)).toEqual([CURRENT, 'notes & <drafts>.txt', ...segments]);
    expect(await listed(files, 'segments/')).toEqual(segments);
    expect(await listed(files, 'states/')).toEqual([]);
    const sizes: number[] = [];
    for await (const { sizeBytes } of files.list('segments/0-')) sizes.push(sizeBytes);
    expect(sizes).toEqual([2, 2, 2, 2, 2]);
  });

  it('show a whole bucket where the remote is one', async () => {
    const whole = await createS3World({}, { prefix: '' });
    try {
      await whole.files.put(PATH, bytesOf('1'));
      expect(await listed(whole.files)).toEqual([PATH]);
      expect(whole.server.buckets.bytesOf(BUCKET, PATH)).toEqual(bytesOf('1'));
      expect(whole.files.name).toBe(`s3://${BUCKET} at ${whole.server.endpoint}`);
    } finally {
      await whole.close();
    }
  });
});

describe('removals', () => {
  const paths = Array.from({ length: 1_001 }, (_, number) => segmentPath(number));

  it('take many files by one request', async () => {
    const { files, server } = world;
    for (const path of paths) server.buckets.store(BUCKET, `team/a b/${path}`, bytesOf('1'));
    await files.remove([]);
    await files.remove(paths);
    expect(server.requests.map(({ operation }) => operation)).toEqual(['DeleteObjects', 'DeleteObjects']);
    expect(await listed(files)).toEqual([]);
    await files.remove([PATH]);
    expect(await files.read(PATH)).toBeUndefined();
  });

  it('take one file after the other from servers that do not know it otherwise [DML-REM-0647]', async () => {
    const { files, server } = world;
    server.modes.deletesMany = false;
    const some = paths.slice(0, 20);
    for (const path of some) server.buckets.store(BUCKET, `team/a b/${path}`, bytesOf('1'));
    await files.remove([...some, segmentPath(99)]);
    expect(await listed(files)).toEqual([]);
    server.forget();
    await files.remove([PATH]);
    expect(server.requests.map(({ operation }) => operation)).toEqual(['DeleteObject']);
  });
});

describe('now', () => {
  it('returns the time of the server, whether or not the file is there', async () => {
    const { files, server } = world;
    server.modes.clockOffsetMs = -3_600_000;
    const before = Date.now();
    const absent = await files.now();
    await files.swap(CURRENT, null, bytesOf('1'));
    const present = await files.now();
    for (const timeMs of [absent, present]) {
      expect(timeMs).toBeGreaterThanOrEqual(before - 3_600_000 - 1_000);
      expect(timeMs).toBeLessThanOrEqual(Date.now() - 3_600_000);
    }
  });
});

it('paths of no remote are refused before anything is sent', async () => {
  const { files, server } = world;
  const swapped = await outcomeOf(files.swap('segments/../CURRENT.json', null, bytesOf('')));
  expect(swapped).toMatchObject({ code: 'remote_path_invalid' });
  const outcomes = await outcomesOf([
    () => files.read('x'),
    () => files.put('x', bytesOf('')),
    () => files.readVersion(PATH),
    () => files.remove(['x']),
    () => listed(files, '../'),
  ]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'remote_path_invalid' });
  expect(server.count()).toBe(0);
});
