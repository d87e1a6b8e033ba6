import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
import type { ServerFault } from '../../testing/fault-server.ts';
import { openS3Files } from './s3-files.ts';
import { DEFAULT_LIMITS } from './s3-place.ts';

const MIB = 1024 * 1024;
const CURRENT = 'CURRENT.json';
const PATH = segmentPath();
const KEY = `team/a b/${PATH}`;
const bytesOf = (text: string) => Buffer.from(text);
const status = (code: number, moment: 'before' | 'after' = 'before', name = `Code${code}`): ServerFault => ({
  kind: 'status',
  status: code,
  code: name,
  moment,
});
/** Faults that say nothing about the effect of a request. */
const LOSSES: readonly (readonly [string, ServerFault])[] = [
  ['500 before', status(500)],
  ['503 after', status(503, 'after', 'SlowDown')],
  ['429', status(429, 'before', 'TooManyRequests')],
  ['a reset before', { kind: 'reset', moment: 'before' }],
  ['a reset after', { kind: 'reset', moment: 'after' }],
  ['no answer', { kind: 'silence', moment: 'after' }],
];

restoreEnvironment();
let world: S3World;
beforeEach(async () => {
  world = await createS3World();
});
afterEach(() => world.close());

describe('requests that are no conditional writes', () => {
  it.each(LOSSES)('are repeated after %s [DML-REM-0610]', async (_, fault) => {
    const { files, server, pauses } = world;
    server.buckets.store(BUCKET, KEY, bytesOf('bytes'));
    const goWrong = () => {
      server.forget();
      pauses.length = 0;
      server.fail({}, fault, fault);
    };
    goWrong();
    expect(await files.read(PATH)).toEqual(bytesOf('bytes'));
    expect(server.count('GetObject')).toBe(3);
    // Half of each pause is chance.
    expect(pauses).toEqual([75, 150]);
    goWrong();
    await files.put(PATH, bytesOf('bytes'));
    expect(server.count('PutObject')).toBe(3);
    goWrong();
    expect(await files.readVersion(CURRENT)).toBeUndefined();
    expect(server.count()).toBe(3);
    goWrong();
    expect(await listed(files)).toEqual([PATH]);
    expect(server.count('ListObjectsV2')).toBe(3);
    goWrong();
    expect(await files.now()).toBeGreaterThan(0);
    expect(server.count('HeadObject')).toBe(3);
    goWrong();
    await files.remove([PATH]);
    expect(server.count('DeleteObjects')).toBe(3);
  });

  it('are repeated with pauses that grow, within a time limit [DML-REM-0610]', async () => {
    const { files, server, pauses } = world;
    server.fail({}, ...Array.from({ length: 100 }, () => status(503)));
    expect(await outcomeOf(files.read(PATH))).toMatchObject({ code: 'remote_unreachable' });
    const total = pauses.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeLessThanOrEqual(DEFAULT_LIMITS.repeatMs);
    expect(total).toBeGreaterThan(DEFAULT_LIMITS.repeatMs / 2);
    expect(pauses.slice(0, 5)).toEqual([75, 150, 300, 600, 1200]);
    expect(Math.max(...pauses)).toBe(0.75 * DEFAULT_LIMITS.maxPauseMs);
    expect(server.count()).toBe(pauses.length + 1);
  });

  it.each([
    ['truncated', { kind: 'truncated' }],
    ['stalled', { kind: 'stall' }],
    ['an error under the status 200', { kind: 'error_in_success', moment: 'after' }],
  ] as [string, ServerFault][])('never return a body that is %s [DML-REM-0643]', async (_, fault) => {
    const { files, server } = world;
    server.buckets.store(BUCKET, KEY, bytesOf('some bytes'));
    server.buckets.store(BUCKET, `team/a b/${CURRENT}`, bytesOf('some bytes'));
    server.fail({}, fault);
    expect(await files.read(PATH)).toEqual(bytesOf('some bytes'));
    server.fail({}, fault);
    expect(await files.read(PATH, { offset: 2, length: 3 })).toEqual(bytesOf('me '));
    server.fail({}, fault);
    expect(await files.readVersion(CURRENT)).toMatchObject({ bytes: bytesOf('some bytes') });
    server.fail({}, fault);
    expect(await listed(files)).toHaveLength(2);
    expect(server.count()).toBe(8);
  });

  it('never return another range than the one that was asked for [DML-REM-0643]', async () => {
    const { files, server } = world;
    server.buckets.store(BUCKET, KEY, bytesOf('some bytes'));
    const ranges = ['bytes 1-3/10', 'bytes 2-3/10', 'bytes 2-4/4', 'nonsense'];
    const answered = ranges.map(
      (range): ServerFault => ({
        kind: 'status',
        status: 206,
        code: 'x',
        moment: 'after',
        headers: { etag: '"x"', 'content-range': range },
      }),
    );
    server.fail({}, { kind: 'short' }, ...answered);
    expect(await files.read(PATH, { offset: 2, length: 3 })).toEqual(bytesOf('me '));
    expect(server.count()).toBe(6);
  });

  it('wait for each other in any number, without a limit of time', async () => {
    const busy = await createS3World({ connectMs: 1_500 });
    try {
      let release: (value?: unknown) => void = () => undefined;
      const until = new Promise((resolve) => {
        release = resolve;
      });
      const held: ServerFault[] = Array.from({ length: 32 }, () => ({
        kind: 'held',
        moment: 'before',
        until,
      }));
      busy.server.fail({}, ...held);
      const reads = Array.from({ length: 40 }, () => busy.files.read(PATH));
      await vi.waitFor(() => expect(busy.server.count()).toBe(32), { timeout: 30_000 });
      setTimeout(release, 2_000);
      expect(await Promise.all(reads)).toEqual(Array.from({ length: 40 }, () => undefined));
      expect(busy.server.count()).toBe(40);
    } finally {
      await busy.close();
    }
  });

  it('tell apart buckets whose files have no versions', async () => {
    const { files, server } = world;
    server.fail({}, { kind: 'bare', status: 200 }, { kind: 'bare', status: 200 });
    expect(await outcomeOf(files.readVersion(CURRENT))).toMatchObject({ code: 'remote_unsafe' });
    expect(await files.read(PATH)).toEqual(bytesOf(''));
  });

  it('give up a listing that does not go on', async () => {
    const { files, server } = world;
    const page = '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>';
    server.fail({}, ...Array.from({ length: 100 }, (): ServerFault => ({ kind: 'body', body: page })));
    expect(await outcomeOf(listed(files))).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('does not go on'),
    });
  });
});

describe('conditional writes', () => {
  it.each([
    ...LOSSES,
    ['an error under the status 200', { kind: 'error_in_success', moment: 'after' }],
    ['a damaged body', status(400, 'after', 'BadDigest')],
    ['no entity tag', { kind: 'status', status: 200, code: 'x', moment: 'after' }],
  ] as [string, ServerFault][])(
    'are one request, whose outcome is unknown after %s [DML-REM-0704]',
    async (_, fault) => {
      const { files, server, pauses } = world;
      vi.stubEnv('AWS_MAX_ATTEMPTS', '5');
      server.fail({}, fault);
      expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({
        outcome: 'unknown',
        cause: expect.any(Error),
      });
      expect(server.count()).toBe(1);
      expect(pauses).toEqual([]);
    },
  );

  it('are one request even where the clock of the server is another [DML-REM-0704]', async () => {
    const { files, server } = world;
    server.modes.clockOffsetMs = 3_600_000;
    server.fail({}, status(500, 'after'));
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'unknown' });
    expect(server.count()).toBe(1);
  });

  it('are refused where their own effect is in the way', async () => {
    const { files, server } = world;
    server.fail({}, status(412, 'after', 'PreconditionFailed'));
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toEqual({ outcome: 'refused' });
    expect(await files.readVersion(CURRENT)).toMatchObject({ bytes: bytesOf('1') });
  });

  it('are tried again after an answer that nothing was tried [DML-REM-0645]', async () => {
    const { files, server, pauses } = world;
    server.fail(
      {},
      status(409, 'before', 'ConditionalRequestConflict'),
      status(409, 'before', 'OperationAborted'),
    );
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'applied' });
    expect(server.count('PutObject')).toBe(3);
    expect(pauses).toEqual([75, 150]);
    server.forget();
    server.fail({}, status(409), status(500));
    expect(await files.swap(CURRENT, '"x"', bytesOf('1'))).toMatchObject({ outcome: 'unknown' });
    expect(server.count()).toBe(2);
  });

  it('are unknown where they were never tried within seconds [DML-REM-0645]', async () => {
    const { files, server, pauses } = world;
    server.fail({}, ...Array.from({ length: 100 }, () => status(409)));
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'unknown' });
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(DEFAULT_LIMITS.conflictMs);
    expect(pauses.length).toBeGreaterThan(2);
  });

  it('are sent again for the region that the server names, which has tried nothing', async () => {
    const { files, server } = world;
    const headers = { 'x-amz-bucket-region': 'eu-west-1' };
    server.fail({}, { ...status(301, 'before', 'PermanentRedirect'), headers } as ServerFault);
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'applied' });
    await files.readVersion(CURRENT);
    const regions = server.requests.map(
      ({ headers }) => /\/([^/]+)\/s3\//.exec(headers.authorization ?? '')?.[1],
    );
    expect(regions).toEqual(['us-east-1', 'eu-west-1', 'eu-west-1']);
  });

  it('are sent again with the time that the server has, which has tried nothing', async () => {
    const { files, server } = world;
    server.modes.clockOffsetMs = 3_600_000;
    server.fail({}, status(403, 'before', 'RequestTimeTooSkewed'));
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'applied' });
    expect(server.count()).toBe(2);
  });

  it.each([
    [403, 'AccessDenied', 'remote_refused'],
    [400, 'InvalidArgument', 'remote_refused'],
    [501, 'NotImplemented', 'remote_refused'],
    [404, 'NoSuchBucket', 'remote_missing'],
    [507, 'XMinioStorageFull', 'remote_full'],
    [403, 'QuotaExceeded', 'remote_full'],
  ])('reject with %s %s as %s, since they have no effect', async (code, name, expected) => {
    const { files, server } = world;
    server.fail({}, status(code, 'before', name));
    expect(await outcomeOf(files.swap(CURRENT, null, bytesOf('1')))).toMatchObject({
      code: expected,
      message: expect.stringContaining(name),
    });
    expect(server.count()).toBe(1);
  });

  it('reject where creating is answered as if there were something to replace', async () => {
    world.server.fail({}, status(404, 'before', 'NoSuchKey'));
    expect(await outcomeOf(world.files.swap(CURRENT, null, bytesOf('1')))).toMatchObject({
      code: 'remote_refused',
    });
  });
});

describe('a large file', () => {
  const large = randomBytes(65 * MIB);

  it('arrives whatever is lost once', async () => {
    const { files, server } = world;
    for (const operation of ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'] as const)
      server.fail({ operation }, status(503));
    server.fail({ operation: 'UploadPart' }, { kind: 'reset', moment: 'after' });
    await files.put(PATH, large);
    expect(server.buckets.bytesOf(BUCKET, KEY)?.equals(large)).toBe(true);
    expect(server.count('UploadPart')).toBe(7);
  });

  it.each([
    ['reset', { kind: 'reset', moment: 'after' }],
    ['an error under the status 200', { kind: 'error_in_success', moment: 'after' }],
  ] as [string, ServerFault][])(
    'is there where the answer to its completion was lost: %s',
    async (_, fault) => {
      const { files, server } = world;
      server.fail({ operation: 'CompleteMultipartUpload' }, fault);
      await files.put(PATH, large);
      // The repeated request is told that there is no such upload.
      expect(server.count('CompleteMultipartUpload')).toBe(2);
      expect(server.count('HeadObject')).toBe(1);
      expect(server.count('CreateMultipartUpload')).toBe(1);
      expect(server.buckets.bytesOf(BUCKET, KEY)?.equals(large)).toBe(true);
    },
  );

  it('is sent anew where the server forgets the upload', async () => {
    const { files, server } = world;
    server.fail({ operation: 'UploadPart' }, status(404, 'before', 'NoSuchUpload'));
    await files.put(PATH, large);
    expect(server.count('CreateMultipartUpload')).toBe(2);
    expect(server.buckets.bytesOf(BUCKET, KEY)?.equals(large)).toBe(true);
    server.fail(
      { operation: 'CompleteMultipartUpload' },
      ...Array.from({ length: 9 }, () => status(404, 'before', 'NoSuchUpload')),
    );
    const other = segmentPath(2);
    expect(await outcomeOf(files.put(other, large))).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringContaining('forgot'),
    });
  });

  it('leaves no parts behind where it cannot be put [DML-REM-0644]', async () => {
    const { files, server } = world;
    server.fail({ operation: 'UploadPart' }, status(403, 'before', 'AccessDenied'));
    expect(await outcomeOf(files.put(PATH, large))).toMatchObject({ code: 'remote_refused' });
    expect(server.count('AbortMultipartUpload')).toBe(1);
    expect(server.buckets.uploadCount).toBe(0);
    server.fail({ operation: 'CompleteMultipartUpload' }, status(400, 'before', 'InvalidPart'));
    expect(await outcomeOf(files.put(PATH, large))).toMatchObject({ code: 'remote_refused' });
    expect(server.buckets.uploadCount).toBe(0);
    expect(await files.read(PATH)).toBeUndefined();
  });

  it('is refused for the reason that its parts were, also where they cannot be removed', async () => {
    const { files, server } = world;
    server.fail({ operation: 'AbortMultipartUpload' }, status(500));
    server.fail({ operation: 'UploadPart' }, status(403, 'before', 'AccessDenied'));
    expect(await outcomeOf(files.put(PATH, large))).toMatchObject({ code: 'remote_refused' });
  });
});

describe('removals', () => {
  const answer = (code: string) =>
    `<DeleteResult><Error><Key>${KEY}</Key><Code>${code}</Code><Message>not now</Message></Error></DeleteResult>`;

  it('try again what an answer of success names as not deleted [DML-REM-0648]', async () => {
    const { files, server } = world;
    server.fail(
      {},
      { kind: 'body', body: answer('InternalError') },
      { kind: 'body', body: answer('SlowDown') },
    );
    await files.remove([PATH]);
    expect(server.count('DeleteObjects')).toBe(3);
  });

  it('report what an answer of success names as refused [DML-REM-0648]', async () => {
    const { files, server } = world;
    server.fail({}, { kind: 'body', body: answer('AccessDenied') });
    expect(await outcomeOf(files.remove([PATH]))).toMatchObject({
      code: 'remote_refused',
      message: expect.stringMatching(/delete segments.*AccessDenied.*not now/),
    });
    expect(server.count()).toBe(1);
  });

  it('take an absent file for deleted [DML-REM-0648]', async () => {
    const { files, server } = world;
    server.fail({}, { kind: 'body', body: answer('NoSuchKey') });
    await files.remove([PATH]);
    expect(server.count()).toBe(1);
    server.modes.deletesMany = false;
    server.fail({ operation: 'DeleteObject' }, status(404, 'before', 'NoSuchKey'));
    await files.remove([PATH]);
    expect(server.count('DeleteObject')).toBe(1);
  });

  it('report a refused request for many as such', async () => {
    const { files, server } = world;
    server.fail({}, status(403, 'before', 'AccessDenied'));
    expect(await outcomeOf(files.remove([PATH, segmentPath(1)]))).toMatchObject({
      code: 'remote_refused',
      message: expect.stringContaining('delete 2 files'),
    });
  });
});

describe('refusals', () => {
  it.each([
    [401, 'Unauthorized'],
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [403, 'InvalidAccessKeyId'],
    [400, 'ExpiredToken'],
    [400, 'InvalidToken'],
  ])('of %s %s are no absent files and name remote and operation [DML-REM-0611]', async (code, name) => {
    const { files, server } = world;
    const operations: [string, () => Promise<unknown>][] = [
      [`read ${PATH}`, () => files.read(PATH)],
      [`read ${CURRENT}`, () => files.readVersion(CURRENT)],
      [`write ${PATH}`, () => files.put(PATH, bytesOf('1'))],
      [`write ${CURRENT}`, () => files.swap(CURRENT, '"x"', bytesOf('1'))],
      ['list', () => listed(files)],
      [`delete ${PATH}`, () => files.remove([PATH])],
      ['tell the time', () => files.now()],
    ];
    for (const [operation, run] of operations) {
      server.fail({}, status(code, 'before', name));
      // Requests for many are tried one by one after other refusals than those of rights.
      server.fail({ operation: 'DeleteObject' }, status(code, 'before', name));
      const outcome = (await outcomeOf(run())) as { code: string; message: string };
      expect([operation, outcome.code]).toEqual([operation, 'remote_refused']);
      expect(outcome.message).toContain(`${files.name} refused to ${operation}`);
      if (operation !== 'tell the time') expect(outcome.message).toContain(name);
      expect(outcome.message).toContain('the credentials of the environment');
    }
  });

  it('say what may be behind them [DML-REM-0611]', async () => {
    const { files, server } = world;
    const messageOf = async (code: number, name: string) => {
      server.fail({}, status(code, 'before', name));
      return ((await outcomeOf(files.read(PATH))) as { message: string }).message;
    };
    expect(await messageOf(403, 'AccessDenied')).toContain('s3:ListBucket');
    expect(await messageOf(400, 'ExpiredToken')).toContain('sign in again');
    expect(await messageOf(403, 'InvalidAccessKeyId')).not.toContain('s3:ListBucket');
    expect(await messageOf(405, 'MethodNotAllowed')).not.toContain('credentials');
  });

  it('come of a wrong access key', async () => {
    world.server.modes.refusedAccessKey = 'test';
    expect(await outcomeOf(world.files.read(PATH))).toMatchObject({
      code: 'remote_refused',
      message: expect.stringContaining('InvalidAccessKeyId'),
    });
  });

  it('come of an answer 404 that does not name the object as absent [DML-REM-0649]', async () => {
    const { files, server } = world;
    for (const code of ['', 'Nothing']) {
      server.fail({}, status(404, 'before', code), status(404, 'before', code), status(404, 'before', code));
      const outcomes = await outcomesOf([
        () => files.read(PATH),
        () => files.readVersion(CURRENT),
        () => files.swap(CURRENT, '"x"', bytesOf('')),
      ]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'remote_refused' });
    }
    server.fail({}, { kind: 'bare', status: 404 });
    expect(await outcomeOf(files.readVersion(CURRENT))).toMatchObject({ code: 'remote_refused' });
    server.fail({}, { kind: 'bare', status: 404 });
    expect(await outcomeOf(files.read(PATH))).toMatchObject({
      message: expect.stringContaining('see whether the endpoint is that of a server for S3'),
    });
  });
});

describe('a bucket that is not there', () => {
  it('is reported as missing by every operation [DML-REM-0613] [DML-REM-1886]', async () => {
    const { server } = world;
    const files = await openS3Files({ bucket: 'other', prefix: '', endpoint: server.endpoint });
    const operations = [
      () => files.read(PATH),
      () => files.readVersion(CURRENT),
      () => files.put(PATH, bytesOf('1')),
      () => files.swap(CURRENT, null, bytesOf('1')),
      () => files.swap(CURRENT, '"x"', bytesOf('1')),
      () => listed(files),
      () => files.remove([PATH]),
    ];
    for (const outcome of await outcomesOf(operations))
      expect(outcome).toMatchObject({
        code: 'remote_missing',
        message: expect.stringMatching(/s3:\/\/other at http.*NoSuchBucket/),
      });
    await expect(files.read(PATH)).rejects.toMatchObject({ detail: 'bucket', fields: { bucket: 'other' } });
    await files.close();
  });
});

describe('a remote that does not answer', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Returns the address of a server that takes connections and then does `behave`. */
  async function startServer(behave: (socket: import('node:net').Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      behave(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function openAt(endpoint: string, limits: Partial<typeof DEFAULT_LIMITS> = {}) {
    const pauses: number[] = [];
    const files = await openS3Files(
      { bucket: BUCKET, prefix: '', endpoint },
      {
        limits: { ...DEFAULT_LIMITS, ...limits },
        nowMs: () => pauses.reduce((sum, ms) => sum + ms, 0),
        pause: async (ms) => void pauses.push(ms),
        random: () => 0,
      },
    );
    return { files, pauses };
  }

  it('is unreachable, soon where no connection comes about [DML-REM-0612]', async () => {
    const endpoint = world.server.endpoint;
    await world.server.close();
    const { files, pauses } = await openAt(endpoint);
    expect(await outcomeOf(files.read(PATH))).toMatchObject({
      code: 'remote_unreachable',
      message: expect.stringMatching(/at http:\/\/127.*read segments.*ECONNREFUSED/),
    });
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(DEFAULT_LIMITS.reconnectMs);
    // A write that was never sent has no effect.
    expect(await outcomeOf(files.swap(CURRENT, null, bytesOf('1')))).toMatchObject({
      code: 'remote_unreachable',
    });
    world = await createS3World();
  });

  it.each([
    ['a name of no machine', 'http://nowhere.invalid'],
    ['https where http is spoken', 'https'],
  ])('is unreachable: %s [DML-REM-0612]', async (_, endpoint) => {
    const { files } = await openAt(
      endpoint === 'https' ? world.server.endpoint.replace('http:', 'https:') : endpoint,
    );
    expect(await outcomeOf(files.read(PATH))).toMatchObject({ code: 'remote_unreachable' });
    expect(await outcomeOf(files.swap(CURRENT, null, bytesOf('1')))).toMatchObject({
      code: 'remote_unreachable',
    });
  });

  it('is unreachable once the time of a request is over, however slowly it drips [DML-REM-0607] [DML-REM-0612]', async () => {
    const timers: NodeJS.Timeout[] = [];
    const endpoint = await startServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 1000000\r\n\r\n');
      timers.push(setInterval(() => socket.write('x'), 20));
    });
    const { files } = await openAt(endpoint, { requestMs: 100, minBytesPerSecond: 10_000_000, repeatMs: 0 });
    for (const outcome of await outcomesOf([() => files.read(PATH), () => files.readVersion(CURRENT)]))
      expect(outcome).toMatchObject({
        code: 'remote_unreachable',
        message: expect.stringContaining('time limit'),
      });
    for (const timer of timers) clearInterval(timer);
  });

  it('is unreachable where nothing comes [DML-REM-0607] [DML-REM-0612]', async () => {
    const { files } = await openAt(await startServer(() => undefined), { requestMs: 100, repeatMs: 0 });
    const operations = [
      () => files.read(PATH),
      () => files.put(PATH, bytesOf('1')),
      () => files.put(PATH, Buffer.alloc(65 * MIB)),
      () => files.readVersion(CURRENT),
      () => listed(files),
      () => files.remove([PATH]),
      () => files.now(),
    ];
    for (const outcome of await outcomesOf(operations))
      expect(outcome).toMatchObject({ code: 'remote_unreachable' });
    expect(await files.swap(CURRENT, null, bytesOf('1'))).toMatchObject({ outcome: 'unknown' });
  });
});
