import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { joinRemote } from '../../test/exchange.ts';
import { commitTo, openFixture, remoteOver } from '../../test/fixtures.ts';
import { listClaims } from '../claims/list-claims.ts';
import { RemoteClaims } from '../claims/remote-claims.ts';
import { collectRemote } from '../collect/collect.ts';
import { ExecRefs } from '../exec-refs/exec-refs.ts';
import { assertForPublications } from '../federation/remote-purpose.ts';
import { EMPTY_STATE } from '../state/read-snapshot.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { listLayout, nameInPath } from './list-layout.ts';

const KEY = 'ab'.repeat(32) as ExecutionKey;
const UUID = 'abcdef01-2222-4333-8444-555555555555';

/** Files that people, file managers and sync tools leave in folders of a remote. */
const STRAYS = [
  'exec/foo.json',
  'exec/.DS_Store',
  'exec/',
  `exec/${UUID}.json.conflict`,
  'exec/sub/',
  'results/desktop.ini',
  `results/${UUID.toUpperCase()}.json`,
  'claims/.DS_Store',
  'claims/zzz/',
  `claims/${KEY.slice(1)}.json`,
  `claims/${KEY} (1).json`,
  'segments/x.car',
  'indexes/Thumbs.db',
  'caches/y.cache',
  'absences/z',
  'states/old.json',
];

function withStrays(): MemoryRemote {
  const memory = new MemoryRemote();
  for (const path of STRAYS) memory.plant(path, Buffer.from('x'));
  return memory;
}

describe('a listing of a remote in which files of something else lie', () => {
  it('skips them, whoever lists [DML-REM-1930]', async () => {
    const memory = withStrays();
    const remote = remoteOver(memory.open(), 1);
    const refs = new ExecRefs(remote, { owner: 'ada', host: await openFixture() });
    const listed = async (): Promise<unknown[]> => {
      const claims: string[] = [];
      for await (const { executionKey } of listClaims(remote)) claims.push(executionKey);
      return [[...(await refs.list('exec'))], [...(await refs.list('results'))], claims];
    };
    expect(await listed()).toEqual([[], [], []]);
    await assertForPublications(EMPTY_STATE, remote.files);
    const problem = { code: 'timeout', reason: 'too long' };
    await refs.answer({ executionUuid: UUID, key: KEY }, { problem }, { getBytes: () => undefined });
    const claims = new RemoteClaims(remote, { owner: 'ada' });
    const answer = await claims.claim(KEY);
    if (answer.type !== 'claimed') throw new Error(answer.type);
    await claims.finish(answer.claim, { exec: 'cd'.repeat(32) as ExecId, status: 'ok' });
    expect(await listed()).toEqual([[], [UUID], [KEY]]);
    await expect(assertForPublications(EMPTY_STATE, remote.files)).rejects.toMatchObject({
      code: 'remote_purpose',
    });
    const strays: string[] = [];
    const found: string[] = [];
    for await (const { path } of listLayout(remote.files, 'claims/', (path) => strays.push(path)))
      found.push(nameInPath(path));
    expect(found).toEqual([KEY]);
    expect(strays).toEqual(STRAYS.filter((path) => path.startsWith('claims/')));
  });

  it('is collected all the same, and names those that stay [DML-REM-1931]', async () => {
    const memory = new MemoryRemote();
    const member = await joinRemote(memory);
    commitTo(member.store, { one: 'history' });
    await member.push();
    for (const path of STRAYS) memory.plant(path, Buffer.from('x'));
    const remote = remoteOver(memory.open(), 2);
    const named = STRAYS.filter((path) => !path.startsWith('claims/')).sort();
    for (const isDryRun of [true, false]) {
      const { strays, garbage } = await collectRemote(remote, { store: member.store, isDryRun });
      expect([...strays].sort()).toEqual(named);
      expect(garbage.filter(({ path }) => STRAYS.includes(path))).toEqual([]);
    }
    expect(memory.paths).toEqual(expect.arrayContaining(STRAYS));
  });
});
