import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { joinRemote, newRemote } from '../../test/exchange.ts';
import { commitTo, MAIN } from '../../test/fixtures.ts';
import { watchedFiles } from '../../test/watched-files.ts';
import { openFolderFiles } from '../files/folder/folder-files.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { decodeCurrent } from '../format/current.ts';
import { isMutablePath } from '../format/file-path.ts';
import { decodeState, encodeState } from '../format/state.ts';
import { systemSurroundings } from '../system-remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { listStates, readSnapshot } from './read-snapshot.ts';

/** Creates a remote with several states. */
async function journaled(): Promise<{ remote: MemoryRemote; commits: (string | undefined)[] }> {
  const remote = newRemote();
  const ours = await joinRemote(remote);
  const commits: (string | undefined)[] = [];
  for (let at = 0; at < 5; at += 1) {
    commits.push(commitTo(ours.store, { a: `text ${at}` }));
    await ours.push();
  }
  return { remote, commits };
}

describe('readSnapshot', () => {
  it('refuses a place with files of something else [DML-REM-0412]', async () => {
    const remote = new MemoryRemote({ name: 'here' });
    const files = remote.open();
    expect(await readSnapshot(files)).toMatchObject({ version: null });
    // What an interrupted push has left is none of something else.
    remote.plant(`segments/0-${'a'.repeat(64)}-${'b'.repeat(32)}.car`, Buffer.from('x'));
    expect(await readSnapshot(files)).toMatchObject({ version: null });
    remote.plant('holiday.jpg', Buffer.from('x'));
    await expect(readSnapshot(files)).rejects.toMatchObject({
      code: 'remote_foreign',
      fields: { remote: 'here', path: 'holiday.jpg' },
    });
    const ours = await joinRemote(remote);
    commitTo(ours.store, { a: 'one' });
    await expect(ours.push()).rejects.toMatchObject({ code: 'remote_foreign' });
    expect(remote.paths).toHaveLength(2);
  });

  it('knows a repository, whatever lies beside it [DML-REM-1954]', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-repository-')));
    afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'a.ts'), '');
    const files = openFolderFiles(folder, systemSurroundings());
    await expect(readSnapshot(files)).rejects.toMatchObject({ code: 'remote_foreign', detail: undefined });
    mkdirSync(join(folder, '.dml', 'store'), { recursive: true });
    await expect(readSnapshot(files)).rejects.toMatchObject({
      code: 'remote_foreign',
      detail: 'repository',
      fields: { remote: folder },
    });
    await files.close();
    const bucket = new MemoryRemote();
    for (const path of ['.a', '.dml/store/data.mdb']) bucket.plant(path, Buffer.from('x'));
    await expect(readSnapshot(bucket.open())).rejects.toMatchObject({ detail: 'repository' });
  });

  it('reads every state of the journal [DML-REM-0421]', async () => {
    const { remote, commits } = await journaled();
    const read: unknown[] = [];
    for await (const { state } of listStates(remote.open(), await readSnapshot(remote.open())))
      read.push([state.sequence, state.refs['heads/main'], state.reason]);
    expect(read).toEqual([4, 3, 2, 1, 0].map((sequence) => [sequence, commits[sequence], 'push heads/main']));
  });

  it('refuses a state that is not what its name says [DML-REM-0418]', async () => {
    const { remote } = await journaled();
    const files = remote.open();
    const { name, state } = await readSnapshot(files);
    const path = `states/${name}.json`;
    const bytes = encodeState({ ...state, reason: 'other' }).bytes;
    remote.plant(path, bytes);
    await expect(readSnapshot(files)).rejects.toMatchObject({ code: 'remote_damaged', detail: 'hash' });
    for (const other of [{ sequence: 7, previous: `0-6-${'a'.repeat(64)}` }, { epoch: 3 }]) {
      const changed = encodeState({ ...state, ...other });
      const wrongName = changed.name.replace(/^[0-9]+-[0-9]+/, `${state.epoch}-${state.sequence}`);
      expect(() => decodeState(changed.bytes, wrongName, 'memory')).toThrow(/damaged/);
    }
  });

  it('refuses a CURRENT that does not agree with its state', async () => {
    const { remote } = await journaled();
    const files = remote.open();
    const wrong: RemoteFiles = {
      ...files,
      readVersion: async (path) => {
        const found = await files.readVersion(path);
        if (found === undefined || found === 'unchanged') return found;
        const text = Buffer.from(found.bytes).toString().replace('"sequence":4', '"sequence":5');
        return { ...found, bytes: Buffer.from(text) };
      },
    };
    await expect(readSnapshot(wrong)).rejects.toMatchObject({ code: 'remote_damaged', detail: 'state' });
  });
});

describe('files that are written', () => {
  it('have names that were never used before [DML-REM-0420]', async () => {
    const remote = newRemote();
    const puts: string[] = [];
    const [ours, theirs] = [await joinRemote(remote), await joinRemote(remote)];
    for (const member of [ours, theirs]) {
      // Both put the same bytes.
      commitTo(member.store, { a: 'one' });
      await member.push(undefined).catch(() => undefined);
      puts.push(...member.files.requests.filter((request) => request.startsWith('put ')));
    }
    for (let at = 0; at < 9; at += 1) {
      commitTo(ours.store, { a: `text ${at}` });
      await ours.push();
    }
    puts.push(...ours.files.requests.filter((request) => request.startsWith('put ')));
    const paths = puts.map((put) => put.slice(4));
    const own = new Set(ours.files.requests.filter((request) => request.startsWith('put ')));
    expect(own.size).toBe(ours.files.requests.filter((request) => request.startsWith('put ')).length);
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.filter(isMutablePath)).toEqual([]);
    const written = ours.files.requests.filter((request) => request.startsWith('swap '));
    expect(new Set(written)).toEqual(new Set(['swap CURRENT.json']));
  });

  it('have a write id of their own where they are mutable [DML-REM-0701]', async () => {
    const remote = newRemote();
    const ours = await joinRemote(remote);
    const writes: string[] = [];
    const noting = watchedFiles(remote.open());
    for (let at = 0; at < 5; at += 1) {
      commitTo(ours.store, { a: `text ${at}` }, { ref: MAIN });
      await ours.push();
      const found = await noting.readVersion('CURRENT.json');
      const current = decodeCurrent((found as { bytes: Uint8Array }).bytes, 'memory');
      writes.push(current.write);
      expect((await readSnapshot(noting)).state.write).toBe(current.write);
    }
    expect(new Set(writes).size).toBe(5);
  });
});
