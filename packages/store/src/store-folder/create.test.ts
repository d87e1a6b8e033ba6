import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { fakeEnvironment, openFixture, temporaryFolder } from '../../test/fixture-store.ts';
import { Opener } from '../../test/opener.ts';
import { heldEngineCount } from '../engine/held-engines.ts';
import { openStore } from '../open-store.ts';
import { createStoreFiles } from './create.ts';

const create = { mode: 'write', create: true } as const;

describe('creating a store', () => {
  it('leaves nothing when creation fails at any point [DML-STO-0101]', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'store');
    const failing = { ...fakeEnvironment(), failpoint: (): never => fail() };
    await expect(openStore(path, { ...create, environment: failing })).rejects.toThrow();
    const unsynced = { ...fakeEnvironment(), syncDirectory: (): never => fail() };
    await expect(openStore(path, { ...create, environment: unsynced })).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
    const store = await openFixture(fakeEnvironment(), path);
    expect(store.getMeta('schema')).toBe(1);
    expect(heldEngineCount()).toBe(1);
  });

  it('gives all processes that create at once the same store [DML-STO-0102]', async () => {
    const path = join(temporaryFolder(), 'store');
    const creators = [1, 2, 3].map(() => new Opener(path));
    const at = 'create/before-rename';
    for (const creator of creators) creator.order({ kind: 'open', create: true, stops: [at] });
    // Each has found no store and is about to put its own in place.
    for (const creator of creators) expect(creator.answer().at).toBe(at);
    expect(existsSync(path)).toBe(false);
    for (const creator of creators) creator.order({ kind: 'go' });
    const opened = creators.map((creator) => creator.answer());
    expect(opened[0]).toEqual({ at: 'opened', creator: expect.stringMatching(/^\d+$/) });
    expect(opened).toEqual(creators.map(() => opened[0]));
    expect(creators.map(({ pid }) => `${pid}`)).toContain(opened[0]?.creator);
    expect(readdirSync(dirname(path))).toEqual(['store']);
  });

  it('syncs the folder and its parent before it returns [DML-STO-0103]', async () => {
    const path = join(temporaryFolder(), 'store');
    const synced: { folder: string; placed: boolean }[] = [];
    const syncDirectory = (folder: string): void => {
      synced.push({ folder: realpathSync(folder), placed: existsSync(join(path, 'data.mdb')) });
    };
    const environment = { ...fakeEnvironment(), syncDirectory };
    await createStoreFiles(path, 'test', environment);
    expect(synced).toEqual([
      { folder: expect.stringContaining(`${path}.new-`), placed: false },
      { folder: dirname(path), placed: true },
    ]);
  });

  const uuid = '00112233-4455-6677-8899-aabbccddeeff';

  function makeDraft(folder: string, name: string, creator: object | undefined): void {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'data.mdb'), 'half');
    if (creator !== undefined) writeFileSync(join(folder, name, 'creator'), JSON.stringify(creator));
  }

  it('removes the draft of a creator that died [DML-STO-0104]', async () => {
    const folder = temporaryFolder();
    makeDraft(folder, `store.new-77-${uuid}`, fakeEnvironment(77).process);
    mkdirSync(join(folder, `store.new-78-${uuid}`));
    const environment = fakeEnvironment();
    environment.deadPids.add(77).add(78);
    await createStoreFiles(join(folder, 'store'), 'test', environment);
    expect(readdirSync(folder)).toEqual(['store']);
    expect(readdirSync(join(folder, 'store'))).not.toContain('creator');
  });

  it('leaves the draft of a creator that lives [DML-STO-0105]', async () => {
    const folder = temporaryFolder();
    makeDraft(folder, `store.new-78-${uuid}`, fakeEnvironment(78).process);
    mkdirSync(join(folder, `store.new-79-${uuid}`));
    await createStoreFiles(join(folder, 'store'), 'test', fakeEnvironment());
    expect(readdirSync(folder)).toEqual(['store', `store.new-78-${uuid}`, `store.new-79-${uuid}`]);
  });

  it('leaves every folder that is not surely the draft of a dead creator [DML-STO-0119]', async () => {
    const folder = temporaryFolder();
    const environment = fakeEnvironment();
    environment.deadPids.add(77);
    const dead = fakeEnvironment(77).process;
    makeDraft(folder, 'store.new-experiment', dead);
    makeDraft(folder, 'store.new-77-results', dead);
    makeDraft(folder, `store.new-77-${uuid}-more`, dead);
    makeDraft(folder, `store.new-77-${uuid}`, undefined);
    makeDraft(folder, `store.new-076-${uuid}`, { ...dead, pidNamespace: 'another' });
    const before = readdirSync(folder);
    await createStoreFiles(join(folder, 'store'), 'test', environment);
    expect(readdirSync(folder).filter((name) => name !== 'store')).toEqual(before);
    for (const name of before) expect(existsSync(join(folder, name, 'data.mdb')), name).toBe(true);
  });

  it('refuses a folder that holds other things, and leaves them [DML-STO-0120]', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'work');
    mkdirSync(path);
    writeFileSync(join(path, 'notes'), 'mine');
    await expect(openStore(path, create)).rejects.toMatchObject({
      code: 'store_unwritable',
      detail: 'folder_not_empty',
      fields: { path, errno: 'ENOTEMPTY' },
    });
    expect(readdirSync(folder)).toEqual(['work']);
    expect(readdirSync(path)).toEqual(['notes']);
    mkdirSync(join(folder, 'empty'));
    const store = await openFixture(fakeEnvironment(), join(folder, 'empty'));
    expect(store.getMeta('schema')).toBe(1);
  });

  it('asks for creation before it creates [DML-STO-0106]', async () => {
    const path = join(temporaryFolder(), 'store');
    const missing = expect.objectContaining({ code: 'store_missing' });
    await expect(openStore(path, { mode: 'write' })).rejects.toThrow(missing);
    await expect(openStore(path, { mode: 'read' })).rejects.toThrow(missing);
    await expect(openStore(path, { mode: 'read', create: true })).rejects.toThrow(missing);
    expect(existsSync(path)).toBe(false);
  });

  it('reports a place that cannot be written, with its path [DML-STO-0107]', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file', 'store');
    for (const place of [path, '/proc/dml-store']) {
      const error = await openStore(place, create).catch((refused: DmlError) => refused);
      expect(error).toMatchObject({ code: 'store_unwritable', fields: { path: place } });
      // Creation itself says so, not the opening of what it did not create.
      expect(error).toMatchObject({ cause: { syscall: 'mkdir' } });
    }
  });
});

function fail(): never {
  throw new Error('injected');
}
