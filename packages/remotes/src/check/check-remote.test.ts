import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openFolder, temporaryFolder } from '../../test/folder-fixtures.ts';
import { remoteError } from '../errors.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import type { RemoteSurroundings } from '../remote.ts';
import { type FaultPlan, type FileOperation, randomFaults } from '../testing/faults.ts';
import { FaultyFiles } from '../testing/faulty-files.ts';
import { listAll } from '../testing/files-suite/under-test.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import {
  hangingAt,
  ignoringConditions,
  listingLate,
  losingRaces,
  losingUpdates,
  rememberingAbsence,
  withClockOff,
} from '../testing/unsafe-remotes.ts';
import type { StartTimer } from '../timer.ts';
import { type CheckOptions, checkRemote } from './check-remote.ts';
import type { CheckPart, CheckReport, PartReport } from './check-report.ts';

const SYSTEM: RemoteSurroundings = {
  clock: { now: Date.now, sleep: (ms) => sleep(ms) },
  randomBytes,
  randomUuid: randomUUID,
};

const PARTS: readonly CheckPart[] = [
  'conditions',
  'read-back',
  'list-back',
  'create-race',
  'replace-race',
  'counter',
  'clock',
  'clean-up',
];

function check(files: RemoteFiles, options?: CheckOptions): Promise<CheckReport> {
  return checkRemote({ files, ...SYSTEM }, options);
}

function partOf(report: CheckReport, part: CheckPart): PartReport {
  return report.parts.find((each) => each.part === part) as PartReport;
}

/** Returns the parts that did not pass, with their results. */
function troublesOf({ parts }: CheckReport): Record<string, string> {
  return Object.fromEntries(
    parts.filter(({ result }) => result !== 'passed').map(({ part, result }) => [part, result]),
  );
}

describe('the check of a remote that does what it promises', () => {
  it('passes in every part and says so', async () => {
    const heard: string[] = [];
    const onProgress: CheckOptions['onProgress'] = (part, report) => heard.push(`${part} ${report?.result}`);
    const report = await check(new MemoryRemote().open(), { onProgress });
    expect(report.verdict).toBe('safe');
    expect(report.parts.map(({ part, result }) => [part, result])).toEqual(
      PARTS.map((part) => [part, 'passed']),
    );
    expect(heard).toEqual(PARTS.flatMap((part) => [`${part} undefined`, `${part} passed`]));
    expect(partOf(report, 'counter').facts).toEqual({ increments: 80, lostIncrements: 0, writers: 8 });
    expect(report.leftPaths).toEqual([]);
  });

  it('passes in a folder, and removes what it wrote [DML-REM-1404]', async () => {
    const path = join(temporaryFolder(), 'remote');
    const files = openFolder(path);
    await files.put(`segments/0-${'a'.repeat(64)}-${'b'.repeat(32)}.car`, new Uint8Array(3));
    const before = await listAll(files, '');
    const report = await check(files);
    expect([report.verdict, troublesOf(report)]).toEqual(['safe', {}]);
    expect(await listAll(files, '')).toEqual(before);
  });

  it('races as many writers as it is told, for creation and for replacement [DML-REM-1401] [DML-REM-1402]', async () => {
    const remote = new MemoryRemote();
    const raced: Record<'create' | 'replace', number> = { create: 0, replace: 0 };
    const files = new FaultyFiles(remote.open());
    let underWay = 0;
    let mostUnderWay = 0;
    const watched: RemoteFiles = Object.assign(Object.create(files) as RemoteFiles, {
      name: files.name,
      swap: async (path: string, expected: string | null, bytes: Uint8Array) => {
        underWay += 1;
        mostUnderWay = Math.max(mostUnderWay, underWay);
        raced[expected === null ? 'create' : 'replace'] += 1;
        await new Promise(setImmediate);
        const answer = await remote.open().swap(path, expected, bytes);
        underWay -= 1;
        return answer;
      },
      read: (path: string, range: never) => files.read(path, range),
      readVersion: (path: string, known?: string) => files.readVersion(path, known),
      put: (path: string, bytes: Uint8Array) => files.put(path, bytes),
      list: (prefix: string) => files.list(prefix),
      remove: (paths: readonly string[]) => files.remove(paths),
      now: () => files.now(),
    });
    const report = await check(watched, { writers: 24 });
    expect([report.verdict, mostUnderWay]).toEqual(['safe', 24]);
    for (const part of ['create-race', 'replace-race'] as const) {
      const { rounds = 0, ...facts } = partOf(report, part).facts;
      expect(facts).toEqual({ writers: 24, mostWinners: 1, decidedRounds: rounds });
      expect(rounds).toBe(12);
    }
    expect(raced.create).toBeGreaterThanOrEqual(12 * 24);
    expect(raced.replace).toBeGreaterThanOrEqual(12 * 24 + 80);
  });

  it('ends in time on one that needs 9 s for a race of 32', async () => {
    const clock = new EventClock();
    const files = new MemoryRemote({ nowMs: () => clock.now() }).open();
    let freeMs = clock.now();
    const slow: RemoteFiles = {
      ...files,
      // One after the other, as behind a lock that is asked for again and again.
      swap: async (path, expected, bytes) => {
        freeMs = Math.max(freeMs, clock.now()) + 9_000 / 32;
        await clock.sleep(freeMs - clock.now());
        return files.swap(path, expected, bytes);
      },
    };
    const startMs = clock.now();
    const checking = checkRemote(
      {
        ...SYSTEM,
        files: slow,
        clock,
        randomBytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
      },
      { writers: 32 },
    );
    const report = await clock.runUntil(checking);
    expect([report.verdict, troublesOf(report)]).toEqual(['safe', {}]);
    expect(partOf(report, 'create-race').facts.rounds).toBe(2);
    // Half of its time is to spare.
    expect(clock.now() - startMs).toBeLessThan(120_000);
  });

  it('passes where answers are lost and refusals are of own writes now and then', async () => {
    const remote = new MemoryRemote();
    const trouble = randomFaults({
      below: randomBelow(7),
      oneIn: 5,
      kinds: ['refuse-own', 'lose', 'fail-after'],
    });
    let isCounting = false;
    // Only the counter has writers who try again.
    const plan: FaultPlan = (request) =>
      isCounting && request.operation === 'swap' ? trouble(request) : undefined;
    const files = new FaultyFiles(remote.open(), plan);
    const onProgress = (part: CheckPart, report: unknown): void => {
      if (part === 'counter') isCounting = report === undefined;
    };
    const swaps = files.swap.bind(files);
    let isFirst = true;
    files.swap = async (path, expected, bytes) => {
      // The counter has to come into being.
      if (isCounting && isFirst) {
        isFirst = false;
        return remote.open().swap(path, expected, bytes);
      }
      return swaps(path, expected, bytes);
    };
    const report = await check(files, { onProgress });
    expect([report.verdict, troublesOf(report)]).toEqual(['safe', {}]);
    expect(files.faults.length).toBeGreaterThan(5);
  });
});

const below = randomBelow(3);

/** A clock on which nothing takes time but sleep, and all sleep at the same time. */
class EventClock {
  #nowMs = 1_000_000;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ untilMs: this.#nowMs + ms, wake }));
  }

  /** Lets the time pass until something has come to its end. */
  async runUntil<Result>(act: Promise<Result>): Promise<Result> {
    let isOver = false;
    const acting = act.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise(setImmediate);
      this.#sleepers.sort((one, other) => one.untilMs - other.untilMs);
      const next = this.#sleepers.shift();
      if (next === undefined) continue;
      this.#nowMs = next.untilMs;
      next.wake();
    }
    return acting;
  }
}

/** Returns numbers that follow from a seed. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe('the check of a remote that does not', () => {
  it('refuses one that ignores conditions [DML-REM-1406]', async () => {
    const report = await check(ignoringConditions());
    expect(report.verdict).toBe('unsafe');
    expect(troublesOf(report)).toMatchObject({
      conditions: 'failed',
      'create-race': 'failed',
      'replace-race': 'failed',
      counter: 'failed',
    });
    expect(partOf(report, 'conditions').facts).toEqual({ wrongWrites: 3, acceptedWrongWrites: 3 });
    expect(partOf(report, 'create-race').facts.mostWinners).toBe(16);
    expect(report.summary).toContain('do not use this remote');
  });

  it.each([
    ['creation', 'create-race'],
    ['replacement', 'replace-race'],
  ] as const)(
    'refuses one on which several win a race for the %s of a file [DML-REM-1401] [DML-REM-1402]',
    async (of, part) => {
      const report = await check(losingRaces(of), { writers: 8 });
      expect(report.verdict).toBe('unsafe');
      const { result, facts } = partOf(report, part);
      expect([result, facts.mostWinners]).toEqual(['failed', 8]);
      const other = part === 'create-race' ? 'replace-race' : 'create-race';
      expect(partOf(report, other).result).toBe('passed');
      expect(partOf(report, 'conditions').result).toBe('passed');
    },
  );

  it('refuses one that passes every race and loses updates of a counter [DML-REM-1407]', async () => {
    const report = await check(losingUpdates());
    expect([report.verdict, troublesOf(report)]).toEqual(['unsafe', { counter: 'failed' }]);
    const { increments, lostIncrements } = partOf(report, 'counter').facts;
    expect(increments).toBe(80);
    expect(lostIncrements).toBeGreaterThan(0);
  });

  it('refuses one that does not show a file to those who looked for it before [DML-REM-1403]', async () => {
    const report = await check(rememberingAbsence());
    expect([report.verdict, troublesOf(report)]).toEqual(['unsafe', { 'read-back': 'failed' }]);
    expect(partOf(report, 'read-back').facts).toEqual({ reads: 26, wrongReads: 10 });
  });

  it.each(['truncate', 'flip'] as const)(
    'refuses one whose reads %s what was written [DML-REM-1403]',
    async (kind) => {
      for (const operation of ['read', 'readVersion']) {
        const plan: FaultPlan = (request) =>
          request.operation === operation ? { kind, at: 0.5 } : undefined;
        const report = await check(new FaultyFiles(new MemoryRemote().open(), plan));
        expect([report.verdict, partOf(report, 'read-back').result]).toEqual(['unsafe', 'failed']);
      }
    },
  );

  it('says that one lists late, which costs no write [DML-REM-1408]', async () => {
    const report = await check(listingLate());
    expect([report.verdict, troublesOf(report)]).toEqual(['degraded', { 'list-back': 'failed' }]);
    expect(partOf(report, 'list-back').facts).toEqual({ files: 10, lateFiles: 5 });
    expect(report.summary).toContain('5 of 10 files were not listed');
  });

  it.each([3_600_000, -3_600_000])(
    'says how far its clock is from the one here: %i ms [DML-REM-1409] [DML-REM-1934]',
    async (skewMs) => {
      const report = await check(withClockOff(skewMs));
      expect([report.verdict, troublesOf(report)]).toEqual(['degraded', { clock: 'failed' }]);
      const found = partOf(report, 'clock').facts.skewMs as number;
      expect(Math.abs(found - skewMs)).toBeLessThan(60_000);
      const side = skewMs < 0 ? 'behind' : 'ahead of';
      expect(partOf(report, 'clock').finding).toBe(
        `the clocks of the remote and of this machine differ by 60 min: that of the remote is ${side} this one, and one of the two is wrong`,
      );
      expect(report.summary).toBe(`no write to this remote is lost, but ${partOf(report, 'clock').finding}`);
    },
  );

  it('says how far the clock is where that is no trouble, and when it goes backwards [DML-REM-1409]', async () => {
    const near = await check(withClockOff(20_000));
    expect([near.verdict, partOf(near, 'clock').result]).toEqual(['safe', 'passed']);
    const same = await check(new MemoryRemote().open());
    expect(partOf(same, 'clock').finding).toBe('the clocks of the remote and of this machine agree');
    expect(Math.round((partOf(near, 'clock').facts.skewMs as number) / 10_000)).toBe(2);
    let nowMs = Date.now();
    const backwards = await check(new MemoryRemote({ nowMs: () => nowMs-- }).open());
    expect([backwards.verdict, troublesOf(backwards)]).toEqual(['degraded', { clock: 'failed' }]);
  });

  it('names what is left where it cannot remove what it wrote [DML-REM-1404]', async () => {
    const remote = new MemoryRemote();
    const report = await check({ ...remote.open(), remove: async () => {} });
    expect([report.verdict, troublesOf(report)]).toEqual(['degraded', { 'clean-up': 'failed' }]);
    expect([...report.leftPaths].sort()).toEqual(remote.paths);
    expect(report.leftPaths.length).toBeGreaterThan(20);
    for (const path of report.leftPaths) expect(path).toMatch(/^check\//);
  });

  it('removes what it wrote where everything else failed [DML-REM-1404]', async () => {
    const remote = new MemoryRemote();
    const plan: FaultPlan = ({ operation }) => (operation === 'swap' ? { kind: 'fail-after' } : undefined);
    const report = await check(new FaultyFiles(remote.open(), plan));
    expect(report.verdict).toBe('unsafe');
    expect(partOf(report, 'clean-up').result).toBe('passed');
    expect(remote.paths).toEqual([]);
  });
});

describe('a check that comes to no end', () => {
  const hangs: readonly (readonly [FileOperation, readonly CheckPart[], CheckReport['verdict']])[] = [
    ['read', ['read-back', 'clean-up'], 'unsafe'],
    ['put', ['read-back', 'list-back'], 'unsafe'],
    ['readVersion', ['read-back', 'create-race', 'replace-race', 'counter', 'clean-up'], 'unsafe'],
    ['swap', ['conditions', 'read-back', 'list-back', 'create-race', 'replace-race', 'counter'], 'unsafe'],
    ['list', ['list-back'], 'unsafe'],
    ['remove', ['clean-up'], 'degraded'],
    ['now', ['clock'], 'degraded'],
  ];

  it.each(hangs)(
    'says which part did not where %s hangs, and refuses what was not proven [DML-REM-1410]',
    async (operation, parts, verdict) => {
      // The time of a part has passed as soon as something hangs.
      let onEnd = (): void => {};
      const startTimer: StartTimer = (_, end) => {
        onEnd = end;
        return () => {};
      };
      const report = await check(
        hangingAt(operation, () => onEnd()),
        { writers: 4, startTimer },
      );
      expect(troublesOf(report)).toEqual(Object.fromEntries(parts.map((part) => [part, 'not-proven'])));
      expect(report.verdict).toBe(verdict);
      for (const part of parts) {
        expect(partOf(report, part).finding).toMatch(/did not end within [\d.]+ s$/);
        if (part !== 'clean-up' || verdict === 'degraded')
          expect(report.summary).toContain(partOf(report, part).finding);
      }
      if (parts.includes('clean-up')) expect(report.leftPaths.length).toBeGreaterThan(0);
    },
  );

  it('begins no part when the time has passed [DML-REM-1410]', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, sleep: SYSTEM.clock.sleep };
    const files = new FaultyFiles(new MemoryRemote().open(), ({ operation }) => {
      if (operation === 'list') nowMs += 1_000_000;
      return undefined;
    });
    const report = await checkRemote({ ...SYSTEM, files, clock }, { limitMs: 600_000 });
    const late = ['create-race', 'replace-race', 'counter', 'clock'];
    expect(troublesOf(report)).toEqual(Object.fromEntries(late.map((part) => [part, 'not-proven'])));
    expect(partOf(report, 'counter').finding).toBe('the counter had no time left');
    expect([report.verdict, report.leftPaths]).toEqual(['unsafe', []]);
  });

  it('stops writers whose time has passed, and says how far they came [DML-REM-1410]', async () => {
    let nowMs = 0;
    const clock = { now: () => nowMs, sleep: async () => {} };
    const memory = new MemoryRemote({ nowMs: () => nowMs }).open();
    const files: RemoteFiles = {
      ...memory,
      readVersion: async (path, known) => {
        const found = await memory.readVersion(path, known);
        if (typeof found === 'object' && Buffer.from(found.bytes).toString('utf8').startsWith('["'))
          nowMs += 1000;
        return found;
      },
    };
    const report = await checkRemote({ ...SYSTEM, files, clock }, { limitMs: 60_000 });
    expect(troublesOf(report)).toEqual({ counter: 'not-proven' });
    const { increments = 0, lostIncrements } = partOf(report, 'counter').facts;
    expect(lostIncrements).toBe(0);
    expect(increments).toBeGreaterThan(0);
    expect(increments).toBeLessThan(80);
  });
});

describe('a remote that cannot be used', () => {
  it('is an error of its own, after one request [DML-REM-1933]', async () => {
    const codes = ['remote_missing', 'remote_refused', 'remote_unreachable', 'remote_full'] as const;
    for (const code of codes) {
      const requests: FileOperation[] = [];
      const files = new FaultyFiles(new MemoryRemote().open(), ({ operation }) => {
        requests.push(operation);
        return undefined;
      });
      const put = async (): Promise<never> => {
        requests.push('put');
        throw remoteError(code, { remote: 'x', operation: 'write', reason: 'no' });
      };
      const refused = check(Object.assign(files, { put }));
      await expect(refused).rejects.toMatchObject({ code });
      expect([code, requests]).toEqual([code, ['put']]);
    }
    await expect(check(openFolder(join(temporaryFolder(), 'not', 'there')))).rejects.toMatchObject({
      code: 'remote_missing',
    });
  });

  it('is reported with its reason once where it takes plain writes alone', async () => {
    const refusing = (): never => {
      throw remoteError('remote_refused', { remote: 'x', operation: 'write', reason: 'EACCES' });
    };
    const memory = new MemoryRemote().open();
    const report = await check({ ...memory, swap: async () => refusing() });
    expect(report.verdict).toBe('unsafe');
    expect(report.summary).toBe(
      'do not use this remote: the check of conditional writes one after the other failed: ' +
        'the remote x refused to write (EACCES), and 5 more alike',
    );
    expect(partOf(report, 'counter').finding).toContain('the remote x refused to write (EACCES)');
    expect(partOf(report, 'create-race')).toMatchObject({
      result: 'not-proven',
      cause: { code: 'remote_refused' },
    });
    const broken = await check({ ...memory, now: () => Promise.reject('no error at all') });
    expect(partOf(broken, 'clock').finding).toBe('the look at the clock failed: no error at all');
  });

  it('is not proven where nobody wins or a swap is not applied, and refused where a winner is not there', async () => {
    const remote = new MemoryRemote();
    const nobody = await check({ ...remote.open(), swap: async () => ({ outcome: 'refused' }) });
    expect(nobody.verdict).toBe('unsafe');
    expect(troublesOf(nobody)).toMatchObject({
      conditions: 'not-proven',
      'read-back': 'not-proven',
      'create-race': 'not-proven',
      'replace-race': 'not-proven',
      counter: 'not-proven',
    });
    const forgetful = new MemoryRemote().open();
    let swaps = 0;
    const liar = await check(
      {
        ...forgetful,
        // After the sequential part, writes are acknowledged and dropped.
        swap: (path, expected, bytes) =>
          swaps++ < 30
            ? forgetful.swap(path, expected, bytes)
            : Promise.resolve({ outcome: 'applied', version: `${swaps}` }),
      },
      { writers: 1 },
    );
    expect(partOf(liar, 'counter').result).not.toBe('passed');
    expect(partOf(liar, 'replace-race').result).toBe('failed');
    expect(partOf(liar, 'replace-race').finding).toContain('what the winner of a race wrote was not there');
  });
});
