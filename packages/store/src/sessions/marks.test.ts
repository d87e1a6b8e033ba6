import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashBytes } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import type { Store } from '../store.ts';

/** However slow the machine is. */
const eventually = <T>(get: () => T) => expect.poll(get, { timeout: 50_000 });

const markOf = (text: string | number): string => hashBytes(Buffer.from(String(text)));
const [one, two, three] = ['one', 'two', 'three'].map(markOf) as [string, string, string];

const filesOf = (store: Store): string[] =>
  readdirSync(store.path).filter((name) => name.startsWith('marks-'));

/** Two sessions of one store, played by the processes 1 and 2. */
async function pair(): Promise<{ first: Store; second: Store; kill: (pid: number) => void }> {
  const path = `${temporaryFolder()}/store`;
  const [one, two] = [fakeEnvironment(1), fakeEnvironment(2)];
  const [first, second] = [await openFixture(one, path), await openFixture(two, path)];
  return {
    first,
    second,
    kill: (pid) => {
      for (const { deadPids } of [one, two]) deadPids.add(pid);
    },
  };
}

describe('marks', () => {
  it('are given to one session, until it removes them [DML-STO-1950]', async () => {
    const { first, second } = await pair();
    expect(first.marks.put([one, two])).toEqual(new Map());
    expect(second.marks.put([two, three])).toEqual(new Map([[two, 1]]));
    expect(first.marks.put([three, markOf(4)])).toEqual(new Map([[three, 2]]));
    expect(second.marks.foreign(new Set([one, two, three]))).toEqual(
      new Map([
        [one, 1],
        [two, 1],
      ]),
    );
    // What was refused is not had, and what is had stays.
    expect(first.marks.foreign(new Set([one, two, three, markOf(4)]))).toEqual(new Map([[three, 2]]));
    first.marks.remove([one, two]);
    expect(second.marks.put([one, two])).toEqual(new Map());
  });

  it('of sessions with lesser ids can be looked for alone [DML-STO-1960]', async () => {
    const { first, second } = await pair();
    const [lesser, greater] = first.sessionId < second.sessionId ? [first, second] : [second, first];
    lesser.marks.put([one]);
    greater.marks.put([two]);
    expect(lesser.marks.preceding(new Set([one, two]))).toEqual(new Set());
    expect(greater.marks.preceding(new Set([one, two, three]))).toEqual(new Set([one]));
  });

  it('stay as long as they were put more often than removed', async () => {
    const { first, second } = await pair();
    first.marks.put([one]);
    first.marks.putAnyway([one]);
    second.marks.putAnyway([one]);
    first.marks.remove([one]);
    expect(second.marks.foreign(new Set([one]))).toEqual(new Map([[one, 1]]));
    first.marks.remove([one, two]);
    expect(second.marks.foreign(new Set([one]))).toEqual(new Map());
    expect(first.marks.foreign(new Set([one]))).toEqual(new Map([[one, 2]]));
  });

  it('keep their places, however many come and go', async () => {
    const { first, second } = await pair();
    const all = Array.from({ length: 500 }, (_, index) => markOf(index));
    first.marks.put(all);
    first.marks.remove(all.filter((_, index) => index % 3 > 0));
    first.marks.put([one, two, three]);
    const foreign = second.marks.foreign(new Set([...all, one, two, three]));
    expect(new Set(foreign.keys())).toEqual(
      new Set([...all.filter((_, index) => index % 3 === 0), one, two, three]),
    );
    expect(readFileSync(join(first.path, filesOf(first)[0] as string)).length).toBeLessThanOrEqual(512 * 33);
  });

  it('end with the process that has them [DML-STO-1951]', async () => {
    const { first, second, kill } = await pair();
    first.marks.put([one]);
    expect(second.marks.put([one])).toEqual(new Map([[one, 1]]));
    kill(1);
    await eventually(() => second.marks.put([one]).size).toBe(0);
  });

  it('are written before anybody looks who else has them [DML-STO-1952]', async () => {
    const path = `${temporaryFolder()}/store`;
    const looking = fakeEnvironment(1);
    const first = await openFixture(looking, path);
    const second = await openFixture(fakeEnvironment(2), path);
    second.marks.put([one, two]);
    first.marks.put([markOf('first')]);
    const seen: number[] = [];
    // Asked whether the session that has the mark lives.
    looking.holdsSlot = () => {
      seen.push(second.marks.foreign(new Set([one, three])).size);
      return true;
    };
    expect(first.marks.put([three, two])).toEqual(new Map([[two, 2]]));
    expect(seen).toEqual([1]);
    expect(second.marks.foreign(new Set([one, two, three]))).toEqual(new Map([[three, 1]]));
  });

  it('end when the store is closed [DML-STO-1954]', async () => {
    const { first, second } = await pair();
    first.marks.put([one]);
    second.marks.put([two]);
    expect(second.marks.foreign(new Set([one])).size).toBe(1);
    expect(filesOf(second)).toHaveLength(2);
    await first.close();
    expect(filesOf(second)).toEqual([`marks-${second.sessionId}`]);
    expect(second.marks.put([one])).toEqual(new Map());
  });

  it('of ended sessions go with the first write of another one [DML-STO-1955]', async () => {
    const { first, second, kill } = await pair();
    first.marks.put([one]);
    second.marks.put([two]);
    const stray = `marks-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`;
    writeFileSync(join(first.path, stray), 'anything');
    writeFileSync(join(first.path, 'marks-of-somebody'), 'kept');
    kill(1);
    const environment = fakeEnvironment(3);
    environment.deadPids.add(1);
    const third = await openFixture(environment, first.path);
    third.transact('write', () => {});
    expect(filesOf(third).sort()).toEqual([`marks-${second.sessionId}`, 'marks-of-somebody'].sort());
  });

  it('that cannot be written are as if they were had [DML-STO-1956]', async () => {
    const { first, second } = await pair();
    second.marks.put([two]);
    // Stands where the file would be made.
    mkdirSync(join(first.path, `marks-${first.sessionId}`));
    expect(first.marks.put([one])).toEqual(new Map());
    first.marks.remove([one]);
    expect(second.marks.put([one])).toEqual(new Map());
    rmSync(join(first.path, `marks-${first.sessionId}`), { recursive: true });
  });

  it('in a file of a size that no session makes are none [DML-STO-1961]', async () => {
    const { first, second } = await pair();
    first.marks.put([one]);
    const file = join(first.path, `marks-${first.sessionId}`);
    truncateSync(file, 64 * 1024 * 1024);
    expect(second.marks.foreign(new Set([one])).size).toBe(1);
    for (const sizeBytes of [64 * 1024 * 1024 + 1, 2 ** 40]) {
      truncateSync(file, sizeBytes);
      expect(second.marks.put([one])).toEqual(new Map());
      second.marks.remove([one]);
    }
  });

  it('that cannot be read are none [DML-STO-1957]', async () => {
    const { first, second } = await pair();
    first.marks.put([one]);
    const file = join(first.path, `marks-${first.sessionId}`);
    rmSync(file);
    mkdirSync(file);
    expect(second.marks.put([one])).toEqual(new Map());
    rmSync(file, { recursive: true });
  });
});
