import { seededNumbers } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import type { RemoteFiles } from '../files/remote-files.ts';
import { FAULTS_OF, type Fault, type FileOperation, faultAt, randomFaults, StoppedError } from './faults.ts';
import { FaultyFiles } from './faulty-files.ts';
import { segmentPath } from './files-suite/paths.ts';
import { listAll, readMutableText, readText, utf8 } from './files-suite/under-test.ts';
import { MemoryRemote } from './memory-remote.ts';
import { remoteFilesSuite } from './remote-files-suite.ts';

const CURRENT = 'CURRENT.json';

function faulty(...faults: Fault[]): { remote: MemoryRemote; plain: RemoteFiles; files: FaultyFiles } {
  const remote = new MemoryRemote();
  const files = new FaultyFiles(remote.open(), ({ number }) => faults[number]);
  return { remote, plain: remote.open(), files };
}

const ACTS: Readonly<Record<FileOperation, (files: RemoteFiles) => Promise<unknown>>> = {
  read: (files) => files.read(segmentPath(1)),
  put: (files) => files.put(segmentPath(2), utf8('put')),
  readVersion: (files) => files.readVersion(CURRENT),
  swap: (files) => files.swap(CURRENT, null, utf8('swapped')),
  list: (files) => listAll(files, ''),
  remove: (files) => files.remove([segmentPath(1)]),
  now: (files) => files.now(),
};
const OPERATIONS = Object.keys(ACTS) as FileOperation[];

describe('files that fail as planned', () => {
  for (const { name, run } of remoteFilesSuite) {
    it(`without a plan: ${name} [DML-REM-0603]`, async () => {
      const remote = new MemoryRemote();
      await expect(run({ open: async () => new FaultyFiles(remote.open()) })).resolves.toBeUndefined();
    });
  }

  it.each(OPERATIONS)('have no effect where %s fails before it', async (operation) => {
    const codes = { 'fail-before': 'remote_unreachable', forbid: 'remote_refused', fill: 'remote_full' };
    for (const [kind, code] of Object.entries(codes) as [keyof typeof codes, string][]) {
      if (!FAULTS_OF[operation].includes(kind)) continue;
      const { remote, plain, files } = faulty({ kind });
      await plain.put(segmentPath(1), utf8('there'));
      await expect(ACTS[operation](files)).rejects.toMatchObject({ code });
      expect(remote.paths).toEqual([segmentPath(1)]);
      expect(files.faults).toEqual([{ request: files.requests[0], fault: { kind } }]);
    }
  });

  it.each(OPERATIONS)('have their effect where the answer to %s is lost', async (operation) => {
    const [{ remote, plain, files }, reference] = [faulty({ kind: 'fail-after' }), faulty()];
    for (const each of [plain, reference.plain]) await each.put(segmentPath(1), utf8('there'));
    await ACTS[operation](reference.files);
    if (operation === 'swap')
      await expect(ACTS.swap(files)).resolves.toMatchObject({
        outcome: 'unknown',
        cause: { code: 'remote_unreachable' },
      });
    else await expect(ACTS[operation](files)).rejects.toMatchObject({ code: 'remote_unreachable' });
    expect(remote.paths).toEqual(reference.remote.paths);
  });

  it.each(OPERATIONS)('answer nothing any more once the process stopped at %s', async (operation) => {
    for (const kind of ['stop-before', 'stop-after'] as const) {
      const { remote, plain, files } = faulty({ kind });
      const reference = faulty();
      for (const each of [plain, reference.plain]) await each.put(segmentPath(1), utf8('there'));
      if (kind === 'stop-after') await ACTS[operation](reference.files);
      await expect(ACTS[operation](files)).rejects.toThrow(StoppedError);
      expect(remote.paths).toEqual(reference.remote.paths);
      for (const act of Object.values(ACTS))
        await expect(async () => act(files)).rejects.toThrow(StoppedError);
      expect(remote.paths).toEqual(reference.remote.paths);
      expect(files.requests).toHaveLength(1);
    }
  });

  it('give no answer to a request that was under way when the process stopped', async () => {
    const { files } = faulty(undefined as never, { kind: 'stop-before' });
    const underWay = files.put(segmentPath(1), utf8('x'));
    await expect(files.now()).rejects.toThrow(StoppedError);
    await expect(underWay).rejects.toThrow(StoppedError);
  });

  it('lose a swap, refuse the own one, and try one later', async () => {
    const lost = faulty({ kind: 'lose' });
    expect(await ACTS.swap(lost.files)).toMatchObject({ outcome: 'unknown' });
    expect(lost.remote.paths).toEqual([]);
    const refused = faulty({ kind: 'refuse-own' });
    expect(await ACTS.swap(refused.files)).toEqual({ outcome: 'refused' });
    expect(await readMutableText(refused.plain, CURRENT)).toBe('swapped');
    const late = faulty({ kind: 'delay', requests: 2 });
    expect(await ACTS.swap(late.files)).toMatchObject({ outcome: 'unknown' });
    expect(await readMutableText(late.files, CURRENT)).toBeUndefined();
    expect(await readMutableText(late.files, CURRENT)).toBe('swapped');
    expect(await late.files.tryDelayed()).toEqual([]);
    const overtaken = faulty({ kind: 'delay', requests: 99 });
    await ACTS.swap(overtaken.files);
    await overtaken.plain.swap(CURRENT, null, utf8('first'));
    expect(await overtaken.files.tryDelayed()).toEqual([{ outcome: 'refused' }]);
    expect(await readMutableText(overtaken.plain, CURRENT)).toBe('first');
  });

  it('return fewer or other bytes, and count those of the remote', async () => {
    const { plain, files } = faulty({ kind: 'truncate' }, { kind: 'flip' }, { kind: 'flip', at: 1 });
    await plain.put(segmentPath(1), utf8('AAAAAAAA'));
    await plain.swap(CURRENT, null, utf8('BBBB'));
    expect(await readText(files, segmentPath(1))).toBe('AAAA');
    expect(await readText(files, segmentPath(1))).toBe('AAAA@AAA');
    expect(await readText(files, segmentPath(1), { offset: 2, length: 3 })).toBe('AA@');
    files.follow(() => ({ kind: 'truncate' }));
    expect(await readMutableText(files, CURRENT)).toBe('BB');
    files.follow(() => ({ kind: 'flip', at: 0 }));
    expect(await readMutableText(files, CURRENT)).toBe('CBBB');
    expect(await readText(plain, segmentPath(1))).toBe('AAAAAAAA');
    await files.put(segmentPath(2), utf8('123'));
    expect([files.receivedBytes, files.sentBytes]).toEqual([8 + 8 + 3 + 4 + 4, 3]);
    expect([files.count('read'), files.count('readVersion'), files.count('swap')]).toEqual([3, 2, 0]);
    expect(files.requests[2]).toEqual({
      number: 2,
      operation: 'read',
      path: segmentPath(1),
      range: { offset: 2, length: 3 },
    });
  });

  it('list half of the files before a failure, and late what was put', async () => {
    const { plain, files } = faulty();
    for (const number of [1, 2, 3]) await plain.put(segmentPath(number), utf8('x'));
    await files.put(segmentPath(4), utf8('x'));
    files.follow(() => ({ kind: 'stale', requests: 2 }));
    expect((await listAll(files, '')).length).toBe(3);
    await files.now();
    expect((await listAll(files, '')).length).toBe(4);
    files.follow(() => ({ kind: 'fail-after' }));
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const { path } of files.list('')) seen.push(path);
      })(),
    ).rejects.toMatchObject({ code: 'remote_unreachable' });
    expect(seen).toHaveLength(2);
  });

  it('have a fault at one request, or at random ones of a kind that the operation can have', async () => {
    const remote = new MemoryRemote();
    const once = new FaultyFiles(remote.open(), faultAt(1, { kind: 'fail-before' }));
    await once.now();
    await expect(once.now()).rejects.toMatchObject({ code: 'remote_unreachable' });
    await once.now();
    once.follow(faultAt(3, { kind: 'refuse-own' }));
    await once.now();
    expect(once.faults).toHaveLength(1);
    const draw = (seed: number): (Fault | undefined)[] => {
      const kinds = ['flip', 'stale', 'delay', 'lose', 'fail-after'] as const;
      const plan = randomFaults({ below: seededNumbers(seed), oneIn: 2, kinds });
      return OPERATIONS.flatMap((operation) =>
        Array.from({ length: 40 }, (_, number) => {
          const fault = plan({ number, operation, path: '' });
          if (fault) expect(FAULTS_OF[operation]).toContain(fault.kind);
          return fault;
        }),
      );
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    const drawn = new Set(draw(5).map((fault) => fault?.kind));
    expect([...drawn].sort()).toEqual(['delay', 'fail-after', 'flip', 'lose', 'stale', undefined]);
    const usual = randomFaults({ below: seededNumbers(1), oneIn: 1 });
    expect(usual({ number: 0, operation: 'now', path: '' })?.kind).toMatch(/^fail-/);
  });
});
