import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type FakeEnvironment,
  fakeEnvironment,
  openFixture,
  temporaryFolder,
} from '../../test/fixture-store.ts';
import { putText } from '../../test/records.ts';
import { failureOf } from '../../test/streams.ts';
import { compactStore } from '../compact/compact.ts';
import { openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { verifyStore } from '../verify/verify-store.ts';
import { createStoreFiles } from './create.ts';
import { COMPACTION_LOCK_FILE, STORE_FILES } from './places.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const MINE = 'what the user keeps elsewhere';

let outside: string;
let path: string;
let environment: FakeEnvironment;

beforeEach(async () => {
  const folder = temporaryFolder();
  outside = join(folder, 'outside');
  mkdirSync(outside);
  // Under each name that a store removes, renames or overwrites.
  for (const name of [...STORE_FILES, 'creator', 'file']) writeFileSync(join(outside, name), MINE);
  path = join(folder, 'repository', 'store');
  environment = fakeEnvironment();
  const store = await openStore(path, { mode: 'write', create: true, environment });
  put(store);
  await store.close();
});

function put(store: Store): void {
  store.transact('put', (transaction) => void putText(transaction, 'kept'));
}

/** Asserts that everything outside is as it was. */
function assertUntouched(): void {
  expect(readdirSync(outside).sort()).toEqual([...STORE_FILES, 'creator', 'file'].sort());
  for (const name of readdirSync(outside)) expect(readFileSync(join(outside, name), 'utf8'), name).toBe(MINE);
}

/** Makes another folder with the files of the store under second names. */
function linkedCopy(): string {
  const copy = join(dirname(path), 'copy');
  mkdirSync(copy);
  for (const name of readdirSync(path)) linkSync(join(path, name), join(copy, name));
  return copy;
}

/** Targets of links. */
const targets = (): readonly string[] => [
  join(outside, 'file'),
  outside,
  join(outside, 'not-there'),
  '/proc/self/fd/0',
  'loop',
];

const uses: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['read', () => openStore(path, { mode: 'read', environment })],
  ['write', () => openStore(path, { mode: 'write', environment })],
  ['create', () => openStore(path, { mode: 'write', create: true, environment })],
  ['compact', () => compactStore(path, { environment })],
];

describe('a link in the place of a file of the store', () => {
  it.each(STORE_FILES)('%s is refused by its path and not followed [DML-STO-0164]', async (name) => {
    const place = join(path, name);
    rmSync(place, { force: true });
    for (const target of targets()) {
      symlinkSync(target === 'loop' ? place : target, place);
      for (const [use, run] of uses) {
        const refusal = { code: 'store_damaged', detail: 'link', fields: { path: place } };
        await expect(run(), `${use} ${target}`).rejects.toMatchObject(refusal);
      }
      expect(readlinkSync(place)).toBe(target === 'loop' ? place : target);
      rmSync(place);
    }
    assertUntouched();
  });

  it('is not followed either when it comes to stand there after the look [DML-STO-0165]', async () => {
    for (const name of STORE_FILES) {
      const place = join(path, name);
      const aside = `${place}-aside`;
      const wasThere = existsSync(place);
      for (const target of [join(outside, 'file'), join(outside, 'not-there')]) {
        for (const mode of ['read', 'write'] as const) {
          const steps: string[] = [];
          // The looks at all files come before the first of these.
          environment.failpoint = (step) => {
            steps.push(step);
            if (step !== 'open/begun') return;
            if (wasThere) renameSync(place, aside);
            symlinkSync(target, place);
          };
          const opening = openStore(path, { mode, environment }).then((store) => store.close());
          // A marker is looked at twice, and one that cannot be read is that of a process that died.
          if (name === COMPACTION_LOCK_FILE || (name === 'stamp' && mode === 'read')) await opening;
          else await expect(opening).rejects.toMatchObject({ code: 'store_damaged', detail: 'link' });
          expect(steps).toContain('open/begun');
          environment.failpoint = undefined;
          rmSync(place);
          if (wasThere) renameSync(aside, place);
        }
      }
    }
    assertUntouched();
  });

  it('is not what the engine opens that stands there last [DML-STO-0165]', async () => {
    for (const name of ['lock.mdb', 'data.mdb']) {
      for (const target of [join(outside, 'file'), join(outside, 'not-there')]) {
        for (const mode of ['read', 'write'] as const) {
          const place = join(path, name);
          environment.failpoint = (step) => {
            if (step !== 'open/prepared') return;
            renameSync(place, `${place}-aside`);
            symlinkSync(target, place);
          };
          expect(await failureOf(openStore(path, { mode, environment })), name).toBe('store_busy/replaced');
          environment.failpoint = undefined;
          assertUntouched();
          rmSync(place);
          renameSync(`${place}-aside`, place);
        }
      }
    }
    const store = await openStore(path, { mode: 'read', environment });
    expect(store.readRefs()).toEqual([]);
    await store.close();
  });
});

describe('a link in the place of a folder', () => {
  it('of the store is refused, one above it is not [DML-STO-0166]', async () => {
    const above = join(dirname(dirname(path)), 'link-above');
    symlinkSync(dirname(path), above);
    const store = await openStore(join(above, 'store'), { mode: 'write', environment });
    expect(store.path).toBe(path);
    await store.close();
    renameSync(path, `${path}-aside`);
    for (const target of [`${path}-aside`, outside, join(outside, 'not-there'), path]) {
      symlinkSync(target, path);
      for (const [use, run] of uses)
        await expect(run(), use).rejects.toMatchObject({
          code: 'store_damaged',
          detail: 'link',
          fields: { path },
        });
      rmSync(path);
    }
    assertUntouched();
  });

  it('of a draft leads nobody to remove what is elsewhere [DML-STO-0168]', async () => {
    const drafts = [join(path, `compact-${UUID}`), join(dirname(path), `store.new-77-${UUID}`)];
    writeFileSync(join(outside, 'creator'), JSON.stringify(fakeEnvironment(77).process));
    environment.deadPids.add(77);
    for (const draft of drafts) symlinkSync(outside, draft);
    await compactStore(path, { environment });
    rmSync(path, { recursive: true });
    await createStoreFiles(path, 'test', environment);
    writeFileSync(join(outside, 'creator'), MINE);
    assertUntouched();
    expect(lstatSync(drafts[1] as string).isSymbolicLink()).toBe(true);
  });

  it('is not followed in a draft, and what is no part of one stays [DML-STO-0168]', async () => {
    const drafts = [join(path, `compact-${UUID}`), join(dirname(path), `store.new-77-${UUID}`)];
    environment.deadPids.add(77);
    for (const draft of drafts) {
      mkdirSync(draft);
      writeFileSync(join(draft, 'creator'), JSON.stringify(fakeEnvironment(77).process));
      symlinkSync(join(outside, 'file'), join(draft, 'data.mdb'));
      writeFileSync(join(draft, `lock.mdb-${UUID}`), '');
      symlinkSync(outside, join(draft, 'more'));
      writeFileSync(join(draft, 'notes'), MINE);
    }
    await compactStore(path, { environment });
    await openStore(path, { mode: 'write', environment }).then((store) => store.close());
    rmSync(path, { recursive: true });
    await createStoreFiles(path, 'test', environment);
    expect(readdirSync(drafts[1] as string).sort()).toEqual(['more', 'notes']);
    rmSync(join(drafts[1] as string, 'notes'));
    rmSync(join(drafts[1] as string, 'more'));
    rmSync(path, { recursive: true });
    writeFileSync(join(drafts[1] as string, 'creator'), JSON.stringify(fakeEnvironment(77).process));
    await createStoreFiles(path, 'test', environment);
    expect(existsSync(drafts[1] as string)).toBe(false);
    assertUntouched();
  });
});

describe('a second name of a file from elsewhere', () => {
  it('is not written to as the stamp, which is made again [DML-STO-0169]', async () => {
    rmSync(join(path, 'stamp'));
    linkSync(join(outside, 'file'), join(path, 'stamp'));
    const store = await openStore(path, { mode: 'write', environment });
    put(store);
    await store.close();
    assertUntouched();
    expect(statSync(join(path, 'stamp'))).toMatchObject({ nlink: 1, size: 256 });
  });

  it('is not written to as the lock file, and refused [DML-STO-0169]', async () => {
    const lock = join(path, 'lock.mdb');
    rmSync(lock);
    linkSync(join(outside, 'file'), lock);
    for (const mode of ['read', 'write'] as const)
      await expect(openStore(path, { mode, environment })).rejects.toMatchObject({
        code: 'store_damaged',
        detail: 'foreign_file',
        fields: { path: lock },
      });
    assertUntouched();
  });

  it('is not used as the lock file of two data files [DML-STO-0188]', async () => {
    const copy = linkedCopy();
    await compactStore(path, { environment });
    const inodes = (): number[] => [path, copy].map((folder) => statSync(join(folder, 'lock.mdb')).ino);
    expect(new Set(inodes()).size).toBe(1);
    const [one, other] = [await openFixture(environment, path), await openFixture(environment, copy)];
    expect(new Set(inodes()).size).toBe(2);
    for (const store of [one, other]) {
      for (let round = 0; round < 3; round += 1) put(store);
      expect((await verifyStore(store)).findings).toBe(0);
    }
    expect(readdirSync(path).sort()).toEqual(['data.mdb', 'lock.mdb', 'stamp']);
  });
});
