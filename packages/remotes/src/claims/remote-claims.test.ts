import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecId, type ExecutionKey, sha256Hex } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { remoteOver } from '../../test/fixtures.ts';
import { temporaryFolder } from '../../test/folder-fixtures.ts';
import { type OnRequest, unanswered, type WatchedFiles, watchedFiles } from '../../test/watched-files.ts';
import { openFolderFiles } from '../files/folder/folder-files.ts';
import { claimPath, decodeClaim, encodeClaim, type RemoteClaim } from '../format/claim.ts';
import type { Remote } from '../remote.ts';
import { systemRemote, systemSurroundings } from '../system-remote.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { listClaims } from './list-claims.ts';
import { type OwnClaim, RemoteClaims, type RemoteClaimsOptions } from './remote-claims.ts';

const KEY = 'ab'.repeat(32) as ExecutionKey;
const EXEC = 'cd'.repeat(32) as ExecId;
const LEASE_MS = 40_000;

/** A remote whose clock the test moves, and with it the clocks of everybody. */
class World {
  nowMs = 1_000_000_000_000;
  readonly memory: MemoryRemote = new MemoryRemote({ nowMs: () => this.nowMs });
  #members = 0;

  join(options: Partial<RemoteClaimsOptions> & { onRequest?: OnRequest; wallMs?: () => number } = {}): {
    claims: RemoteClaims;
    files: WatchedFiles;
    remote: Remote;
  } {
    this.#members += 1;
    const files = watchedFiles(this.memory.open(), options.onRequest);
    const remote = remoteOver(files, this.#members);
    const clocks = { monotonicMs: () => this.nowMs - 5, wallMs: options.wallMs ?? (() => this.nowMs) };
    const claims = new RemoteClaims(remote, {
      owner: `member ${this.#members}`,
      leaseMs: LEASE_MS,
      clocks,
      ...options,
    });
    return { claims, files, remote };
  }

  async read(key = KEY): Promise<RemoteClaim | undefined> {
    const found = await this.memory.open().readVersion(claimPath(key));
    return found === undefined || found === 'unchanged' ? undefined : decodeClaim(found.bytes, key, 'memory');
  }
}

async function claimed(claims: RemoteClaims, key = KEY): Promise<OwnClaim> {
  const answer = await claims.claim(key);
  if (answer.type !== 'claimed') throw new Error(`the claim is ${answer.type}`);
  return answer.claim;
}

function keysOf(count: number): ExecutionKey[] {
  return Array.from({ length: count }, (_, at) => sha256Hex(Buffer.from(`key ${at}`)) as ExecutionKey);
}

describe('a claim of a remote', () => {
  it('is created where there is none, by one of all who try [DML-REM-1111]', async () => {
    const world = new World();
    const members = Array.from({ length: 20 }, () => world.join());
    const answers = await Promise.all(members.map(({ claims }) => claims.claim(KEY)));
    expect(answers.filter(({ type }) => type === 'claimed')).toHaveLength(1);
    expect(answers.filter(({ type }) => type === 'held')).toHaveLength(19);
    expect(await world.read()).toMatchObject({ state: 'held', fencing: 1, leaseMs: LEASE_MS, outcome: null });
    expect(members[0]?.files.requests).toContain(`swap ${claimPath(KEY)}`);
  });

  it('makes a remote that nobody has written to, and none without its parent [DML-REM-1129]', async () => {
    const parent = temporaryFolder();
    const claimsIn = (path: string): RemoteClaims =>
      new RemoteClaims(systemRemote(openFolderFiles(path, systemSurroundings()), 'ada'), { owner: 'ada' });
    const { fencing } = await claimed(claimsIn(join(parent, 'remote')));
    expect(fencing).toBe(1);
    expect(readdirSync(join(parent, 'remote', 'check'))).toEqual([]);
    await expect(claimsIn(join(parent, 'not there', 'remote')).claim(KEY)).rejects.toMatchObject({
      code: 'remote_missing',
    });
  });

  it('takes two requests where nobody else wants it, besides the clock [DML-REM-1120]', async () => {
    const { claims, files } = new World().join();
    const keys = keysOf(10);
    for (const key of keys) expect(await claims.release(await claimed(claims, key))).toBe(true);
    expect(files.requests).toEqual([
      'now ',
      ...keys.flatMap((key) => [`swap ${claimPath(key)}`, `swap ${claimPath(key)}`]),
    ]);
  });

  it('is taken over once it is free or its lease has passed, in the version that was read [DML-REM-1112]', async () => {
    const world = new World();
    const [first, second] = [world.join(), world.join()];
    await first.claims.release(await claimed(first.claims));
    await first.claims.finish(await claimed(first.claims), { exec: EXEC, status: 'ok' });
    await claimed(first.claims);
    expect((await second.claims.claim(KEY)).type).toBe('held');
    world.nowMs += LEASE_MS - 1;
    expect((await second.claims.claim(KEY)).type).toBe('held');
    world.nowMs += 1;
    const others = Array.from({ length: 5 }, () => world.join());
    const answers = await Promise.all([second, ...others].map(({ claims }) => claims.claim(KEY)));
    expect(answers.filter(({ type }) => type === 'claimed')).toHaveLength(1);
  });

  it('has a number one above that of the claim before it [DML-REM-1113]', async () => {
    const world = new World();
    const [first, second] = [world.join(), world.join()];
    expect((await claimed(first.claims)).fencing).toBe(1);
    world.nowMs += LEASE_MS;
    const next = await claimed(second.claims);
    expect(next.fencing).toBe(2);
    await second.claims.release(next);
    const third = await claimed(first.claims);
    expect(third.fencing).toBe(3);
    await first.claims.finish(third, { exec: EXEC, status: 'error' });
    expect((await claimed(second.claims)).fencing).toBe(4);
  });

  it('is renewed, released and finished in the version written last, and stays there [DML-REM-1114]', async () => {
    const world = new World();
    const { claims, files } = world.join();
    const claim = await claimed(claims);
    world.nowMs += 7_000;
    expect(await claims.renew(claim)).toBe(true);
    expect(await world.read()).toMatchObject({ state: 'held', claimedMs: world.nowMs, fencing: 1 });
    expect(await claims.release(claim)).toBe(true);
    expect(await world.read()).toMatchObject({ state: 'released', fencing: 1, outcome: null });
    // It is over: nothing more is written for it.
    files.requests.length = 0;
    expect([await claims.renew(claim), await claims.release(claim)]).toEqual([false, false]);
    expect(files.requests).toEqual([]);
    const again = await claimed(claims);
    expect(await claims.finish(again, { exec: EXEC, status: 'ok' })).toBe(true);
    expect(world.memory.paths).toEqual([claimPath(KEY)]);
    expect(files.requests.filter((request) => request.startsWith('remove'))).toEqual([]);
  });

  it('names exec and status once it is finished [DML-REM-1121]', async () => {
    const world = new World();
    const { claims } = world.join();
    await claims.finish(await claimed(claims), { exec: EXEC, status: 'error' });
    const finished = (await world.read()) as RemoteClaim;
    expect(finished).toMatchObject({ state: 'finished', outcome: { exec: EXEC, status: 'error' } });
    for (const wrong of [
      { ...finished, outcome: null },
      { ...finished, state: 'held' as const },
    ])
      expect(() => decodeClaim(encodeClaim(wrong), KEY, 'memory')).toThrow(
        expect.objectContaining({ code: 'remote_damaged', detail: 'form' }),
      );
  });

  it('has a lease by the clock of the remote alone [DML-REM-1115]', async () => {
    const world = new World();
    // Clocks of machines are an hour late, an hour early, and set while they run.
    let setMs = 0;
    const late = world.join({ wallMs: () => world.nowMs - 3_600_000 });
    const early = world.join({ wallMs: () => world.nowMs + 3_600_000 });
    const set = world.join({ wallMs: () => world.nowMs + setMs });
    const claim = await claimed(late.claims);
    expect((await world.read())?.claimedMs).toBe(world.nowMs);
    expect((await early.claims.claim(KEY)).type).toBe('held');
    expect((await set.claims.claim(KEY)).type).toBe('held');
    setMs = 3_600_000;
    world.nowMs += LEASE_MS - 1;
    expect((await early.claims.claim(KEY)).type).toBe('held');
    expect((await set.claims.claim(KEY)).type).toBe('held');
    expect(await late.claims.renew(claim)).toBe(true);
    expect((await world.read())?.claimedMs).toBe(world.nowMs);
    world.nowMs += LEASE_MS;
    expect((await claimed(set.claims)).fencing).toBe(2);
    expect((await world.read())?.claimedMs).toBe(world.nowMs);
  });

  it('from the future is taken over once it has not changed for a lease [DML-REM-1932]', async () => {
    const world = new World();
    // The remote's clock was a day ahead.
    world.nowMs += 86_400_000;
    const owner = world.join();
    const claim = await claimed(owner.claims);
    world.nowMs -= 86_400_000;
    const [first, second] = [world.join(), world.join()];
    /** Asks in steps of a second until the time has passed, as callers do. */
    const waits = async ({ claims }: typeof first, ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 1_000) {
        expect((await claims.claim(KEY)).type).toBe('held');
        world.nowMs += 1_000;
      }
    };
    await waits(first, LEASE_MS - 1_000);
    // An owner who is there renews it, and its time is wrong still.
    world.nowMs += 86_400_000;
    expect(await owner.claims.renew(claim)).toBe(true);
    world.nowMs -= 86_400_000;
    // That is seen by the next look, a second later.
    await waits(first, 1_000 + LEASE_MS);
    // Whoever saw it later waits for a lease of its own.
    expect((await second.claims.claim(KEY)).type).toBe('held');
    expect((await claimed(first.claims)).fencing).toBe(2);
    expect(await world.read()).toMatchObject({ owner: 'member 2', claimedMs: world.nowMs });
    expect(await owner.claims.renew(claim)).toBe(false);
  });

  it('is not taken over by an estimate of the time that is wrong [DML-REM-1115]', async () => {
    const world = new World();
    const owner = world.join();
    // This machine's clocks run twice as fast, and agree.
    const startMs = world.nowMs;
    const fast = (): number => startMs + 2 * (world.nowMs - startMs);
    const hasty = world.join({ clocks: { monotonicMs: fast, wallMs: fast } });
    await claimed(owner.claims);
    expect((await hasty.claims.claim(KEY)).type).toBe('held');
    world.nowMs += LEASE_MS * 0.75;
    expect((await hasty.claims.claim(KEY)).type).toBe('held');
    expect((await world.read())?.fencing).toBe(1);
  });

  const lost: readonly (readonly [string, 'before' | 'after'])[] = [
    ['the request', 'before'],
    ['the answer', 'after'],
  ];
  for (const [what, phase] of lost)
    for (const act of ['claim', 'renew', 'release', 'finish'] as const)
      it(`is settled where ${what} of a ${act} got lost [DML-REM-1116]`, async () => {
        const world = new World();
        let isLosing = false;
        const { claims } = world.join({
          onRequest: ({ operation }, at) => {
            if (!isLosing || operation !== 'swap' || at !== phase) return;
            isLosing = false;
            throw unanswered();
          },
        });
        const claim = act === 'claim' ? undefined : await claimed(claims);
        isLosing = true;
        if (claim === undefined) expect((await claimed(claims)).fencing).toBe(1);
        else if (act === 'finish')
          expect(await claims.finish(claim, { exec: EXEC, status: 'ok' })).toBe(true);
        else expect(await claims[act as 'renew' | 'release'](claim)).toBe(true);
        const state = { claim: 'held', renew: 'held', release: 'released', finish: 'finished' }[act];
        expect([isLosing, (await world.read())?.state]).toEqual([false, state]);
      });

  for (const act of ['renew', 'release'] as const)
    it(`is kept by an owner whose renewals took effect without an answer, until its next ${act} [DML-REM-1134]`, async () => {
      const world = new World();
      let isSilent = false;
      const { claims } = world.join({
        onRequest: (_, phase) => {
          if (isSilent && phase === 'after') throw unanswered();
        },
      });
      const claim = await claimed(claims);
      const first = await world.read();
      isSilent = true;
      for (let tries = 0; tries < 2; tries += 1)
        await expect(claims.renew(claim)).rejects.toMatchObject({ code: 'remote_unreachable' });
      isSilent = false;
      const renewed = await world.read();
      expect(renewed?.write).not.toBe(first?.write);
      expect(await claims[act](claim)).toBe(true);
      expect(await world.read()).toMatchObject({ state: act === 'renew' ? 'held' : 'released', fencing: 1 });
      // One that somebody else has written is none of its own.
      const other = world.join();
      const again = act === 'renew' ? claim : await claimed(claims);
      isSilent = true;
      await expect(claims.renew(again)).rejects.toMatchObject({ code: 'remote_unreachable' });
      isSilent = false;
      world.nowMs += LEASE_MS;
      const taken = await claimed(other.claims);
      expect(await claims[act](again)).toBe(false);
      expect(await other.claims.renew(taken)).toBe(true);
    });

  it('is an error where nobody can say whether it was made [DML-REM-1116]', async () => {
    const world = new World();
    const { claims } = world.join({
      onRequest: ({ operation }) => {
        if (operation !== 'now') throw unanswered();
      },
    });
    await expect(claims.claim(KEY)).rejects.toMatchObject({ code: 'remote_unreachable' });
  });

  it('is refused to an owner that it was taken from [DML-REM-1117]', async () => {
    const world = new World();
    const [owner, other] = [world.join(), world.join()];
    for (const act of ['renew', 'release', 'finish'] as const) {
      const claim = await claimed(owner.claims);
      world.nowMs += LEASE_MS;
      const taken = await claimed(other.claims);
      const before = await world.read();
      const result =
        act === 'finish'
          ? owner.claims.finish(claim, { exec: EXEC, status: 'ok' })
          : owner.claims[act](claim);
      expect(await result).toBe(false);
      expect(await world.read()).toEqual(before);
      expect(await other.claims.release(taken)).toBe(true);
    }
  });

  it('is not written by those who do not have it [DML-REM-1118]', async () => {
    const world = new World();
    const [owner, other] = [world.join(), world.join()];
    const claim = await claimed(owner.claims);
    const before = await world.read();
    for (let asked = 0; asked < 10; asked += 1) {
      expect((await other.claims.claim(KEY)).type).toBe('held');
      await other.claims.release(claim);
      await other.claims.renew(claim);
      world.nowMs += LEASE_MS / 10 - 1;
    }
    expect(await world.read()).toEqual(before);
    expect(await owner.claims.renew(claim)).toBe(true);
  });

  it('is asked for again after a quarter of its lease and not before [DML-REM-1119]', async () => {
    const world = new World();
    const [owner, other] = [world.join(), world.join()];
    await claimed(owner.claims);
    await other.claims.claim(KEY);
    other.files.requests.length = 0;
    for (const [passedMs, requests] of [
      [0, 0],
      [LEASE_MS / 4 - 1, 0],
      [1, 1],
      [LEASE_MS / 4 - 1, 1],
    ] as const) {
      world.nowMs += passedMs;
      expect(await other.claims.claim(KEY)).toMatchObject({
        type: 'held',
        owner: 'member 1',
        afterMs: 2_000,
      });
      expect(other.files.requests).toHaveLength(requests);
    }
    // Somebody knows that it has an outcome by now.
    other.claims.lookAgain(KEY);
    await other.claims.claim(KEY);
    expect(other.files.requests).toHaveLength(2);
    await other.claims.claim(KEY);
    expect(other.files.requests).toHaveLength(2);
  });

  it('is seen by others who do not want it, as seldom as by those who do', async () => {
    const world = new World();
    const [owner, other] = [world.join(), world.join()];
    expect([await other.claims.isHeld(KEY), await world.read()]).toEqual([false, undefined]);
    const claim = await claimed(owner.claims);
    expect([await owner.claims.isHeld(KEY), await other.claims.isHeld(KEY)]).toEqual([true, true]);
    other.files.requests.length = 0;
    world.nowMs += LEASE_MS / 4 - 1;
    expect([await other.claims.isHeld(KEY), (await other.claims.claim(KEY)).type]).toEqual([true, 'held']);
    expect(other.files.requests).toHaveLength(0);
    world.nowMs += 1;
    expect([await other.claims.isHeld(KEY), other.files.requests.length]).toEqual([true, 1]);
    // One that was released, or whose lease has passed, is nobody's.
    await owner.claims.release(claim);
    world.nowMs += LEASE_MS / 2;
    expect(await other.claims.isHeld(KEY)).toBe(false);
    await claimed(owner.claims);
    world.nowMs += LEASE_MS + 1;
    expect([await other.claims.isHeld(KEY), (await world.read())?.fencing]).toEqual([false, 2]);
    await claimed(other.claims);
  });

  it('waits while as many are held as may be, and is not made once nobody wants it [DML-REM-1122]', async () => {
    const world = new World();
    const { claims, files } = world.join({ maxHeld: 2 });
    const keys = keysOf(6);
    let wanted = keys.length;
    const claimed: OwnClaim[] = [];
    const answers: string[] = [];
    const open = keys.map(async (key) => {
      const answer = await claims.claim(key, () => answers.length < wanted);
      answers.push(answer.type);
      if (answer.type === 'claimed') claimed.push(answer.claim);
    });
    const creations = (): number => files.requests.filter((request) => request.startsWith('swap')).length;
    const settle = async (): Promise<void> => {
      for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    await settle();
    expect([creations(), answers]).toEqual([2, ['claimed', 'claimed']]);
    for (const claim of claimed.splice(0)) await claims.release(claim);
    await settle();
    expect(answers).toEqual(Array.from({ length: 4 }, () => 'claimed'));
    wanted = 4;
    await claims.release(claimed[0] as OwnClaim);
    await Promise.all(open);
    expect(answers.slice(4)).toEqual(['unwanted', 'unwanted']);
    expect(files.requests.filter((request) => request.startsWith('swap'))).toHaveLength(4 + 3);
  });

  it('is tried along with three others at most, and alone by who came too late [DML-REM-1132]', async () => {
    const world = new World();
    const keys = keysOf(40).sort();
    const owner = world.join({ maxHeld: 40 });
    for (const key of keys.slice(0, 20)) await claimed(owner.claims, key);
    let tries = 0;
    const atOnce: number[] = [];
    const { claims } = world.join({
      onRequest: async ({ operation }, phase) => {
        if (operation !== 'swap') return;
        tries += phase === 'before' ? 1 : -1;
        if (phase === 'before') atOnce.push(tries);
        await new Promise((resolve) => setImmediate(resolve));
      },
    });
    await Promise.all(keys.slice(20).map((key) => claims.claim(key)));
    expect([atOnce[0], Math.max(...atOnce)]).toEqual([1, 4]);
    expect((await claims.claim(keys[0] as ExecutionKey)).type).toBe('held');
    atOnce.length = 0;
    await Promise.all(keys.slice(1, 20).map((key) => claims.claim(key)));
    expect(atOnce).toEqual([1]);
  });

  it('is not made where the cache has the outcome by now, unless that is asked for again [DML-REM-1123]', async () => {
    const world = new World();
    const asked: [ExecutionKey, boolean][] = [];
    let has = true;
    const hasOutcome = async (key: ExecutionKey, isFresh: boolean): Promise<boolean> => {
      asked.push([key, isFresh]);
      return has;
    };
    const other = world.join();
    const { claims, files } = world.join({ hasOutcome });
    expect(await claims.claim(KEY)).toEqual({ type: 'known' });
    expect([asked, files.requests]).toEqual([[[KEY, false]], []]);
    const own = await claimed(claims);
    await claims.release(own);
    // Released by others: they may have published just now.
    has = false;
    await other.claims.release(await claimed(other.claims));
    asked.length = 0;
    const [key = KEY] = keysOf(1);
    const theirs = await claimed(other.claims, key);
    expect((await claims.claim(key)).type).toBe('held');
    has = true;
    await other.claims.release(theirs);
    world.nowMs += LEASE_MS / 4;
    expect(await claims.claim(key)).toEqual({ type: 'known' });
    expect(asked.at(-1)).toEqual([key, true]);
    expect((await world.read(key))?.state).toBe('released');
    expect((await claimed(claims, key)).fencing).toBe(2);
  });

  it('is not tried for a while by who came too late several times in a row [DML-REM-1124]', async () => {
    const world = new World();
    const [owner, other] = [world.join(), world.join()];
    const keys = keysOf(40);
    for (const key of keys.slice(0, 30)) await claimed(owner.claims, key);
    const tries = async (): Promise<number> => {
      const before = other.files.requests.length;
      for (const key of keys.slice(0, 30)) await other.claims.claim(key);
      return other.files.requests.slice(before).filter((request) => request.startsWith('swap')).length;
    };
    expect(await tries()).toBe(2);
    expect(await tries()).toBe(0);
    const free = keys[30] as ExecutionKey;
    expect(await other.claims.claim(free)).toEqual({ type: 'held', afterMs: 500, owner: undefined });
    world.nowMs += 500;
    expect(await tries()).toBe(1);
    expect(await other.claims.claim(free)).toMatchObject({ afterMs: 1_000 });
    for (let losses = 0; losses < 10; losses += 1) {
      world.nowMs += LEASE_MS / 4;
      for (const key of keys.slice(0, 30))
        await owner.claims.renew({ executionKey: key, fencing: 1, leaseMs: LEASE_MS });
      await tries();
    }
    const { afterMs } = (await other.claims.claim(free)) as { afterMs: number };
    expect(afterMs).toBeLessThanOrEqual(LEASE_MS / 4);
    world.nowMs += afterMs;
    await claimed(other.claims, free);
    // One that was had ends the row.
    await claimed(other.claims, keys[31]);
  });

  it('is listed with owner, lease and age [DML-REM-1104]', async () => {
    const world = new World();
    const [first, second] = [world.join(), world.join()];
    const [one, two] = keysOf(2) as [ExecutionKey, ExecutionKey];
    await claimed(first.claims, one);
    world.nowMs += 3_000;
    await second.claims.release(await claimed(second.claims, two));
    const listed = [];
    for await (const claim of listClaims(second.remote)) listed.push(claim);
    listed.sort((left, right) => right.ageMs - left.ageMs);
    expect(listed).toMatchObject([
      { executionKey: one, owner: 'member 1', state: 'held', leaseMs: LEASE_MS, ageMs: 3_000, fencing: 1 },
      { executionKey: two, owner: 'member 2', state: 'released', ageMs: 0, aheadMs: 0 },
    ]);
    world.nowMs -= 10_000;
    const ahead: number[] = [];
    for await (const claim of listClaims(second.remote)) ahead.push(claim.aheadMs, claim.ageMs);
    expect(ahead.sort()).toEqual([0, 0, 10_000, 7_000]);
  });

  it('has the name of the function where that is given, at the claim or by a renewal [DML-REM-1936]', async () => {
    const world = new World();
    const { claims } = world.join();
    const nameOf = async (): Promise<string | undefined> => (await world.read())?.call;
    const named = await claims.claim(KEY, undefined, 'fit');
    if (named.type !== 'claimed') throw new Error(named.type);
    expect(await nameOf()).toBe('fit');
    await claims.renew(named.claim);
    expect(await nameOf()).toBe('fit');
    await claims.finish(named.claim, { exec: EXEC, status: 'ok' });
    expect(await nameOf()).toBe('fit');
    const claim = await claimed(claims);
    expect(await nameOf()).toBeUndefined();
    await claims.renew(claim, `${'x'.repeat(199)}\u{1f600}`);
    expect(await nameOf()).toBe(`${'x'.repeat(199)}\ufffd`);
    await claims.renew(claim, '');
    expect((await nameOf())?.length).toBe(200);
  });

  it('is refused where it is not of its form [DML-REM-1110]', async () => {
    const world = new World();
    const { claims } = world.join();
    await claimed(claims);
    const whole = (await world.read()) as RemoteClaim;
    expect(encodeClaim(whole).toString()).toBe(
      `{"claimedMs":${whole.claimedMs},"execution":"${whole.execution}","fencing":1,"format":1,` +
        `"leaseMs":40000,"outcome":null,"owner":"member 1","state":"held","write":"${whole.write}"}\n`,
    );
    const wrong: readonly (readonly [string, unknown])[] = [
      ['form', { ...whole, fencing: 0 }],
      ['form', { ...whole, leaseMs: 999 }],
      ['form', { ...whole, leaseMs: 86_400_001 }],
      ['form', { ...whole, owner: '' }],
      ['form', { ...whole, call: '' }],
      ['form', { ...whole, state: 'mine' }],
      ['form', { ...whole, write: 'x' }],
      ['form', { ...whole, execution: 'x' }],
      ['form', { ...whole, claimedMs: -1 }],
      ['form', { ...whole, more: 1 }],
      ['length', { ...whole, owner: 'x'.repeat(4_096) }],
    ];
    for (const [detail, value] of wrong)
      expect(() => decodeClaim(encodeClaim(value as RemoteClaim), KEY, 'memory')).toThrow(
        expect.objectContaining({ code: 'remote_damaged', detail }),
      );
    const newer = Buffer.from(encodeClaim(whole).toString().replace('"format":1', '"format":2'));
    expect(() => decodeClaim(newer, KEY, 'memory')).toThrow(
      expect.objectContaining({ code: 'remote_format_newer' }),
    );
    const files = world.memory.open();
    const found = await files.readVersion(claimPath(KEY));
    await files.swap(claimPath(KEY), (found as { version: string }).version, Buffer.from('{}\n'));
    await expect(world.join().claims.claim(KEY)).rejects.toMatchObject({ code: 'remote_damaged' });
  });
});
