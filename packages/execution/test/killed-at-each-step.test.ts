import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, verifyStore } from '@daggerml/store';
import { afterTests, IS_FULL } from '@daggerml/testkit';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { bundledChild } from './bundled-child.ts';

// Starts many processes.
vi.setConfig({ testTimeout: 600_000 });

/** Calls of the run below, of which one fails. */
const NAMES = ['one', 'two', 'sum', 'fail', 'last', 'again'];

/**
 * Runs a small graph: each call is pending once, lost once and then answered. It counts the moments of transactions and
 * the events of the run, and is killed at one of them.
 */
const CHILD = `
  import { appendFileSync, existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
  import { nodeEnvironment, openStore } from '@daggerml/store';
  import { liftDatum, lowerValue } from '@daggerml/values';
  import { Executor } from './dist/index.js';
  import { MemoryAdapter, memoryUri } from './dist/testing/index.js';
  const [, , folder, killAt, mode] = process.argv;
  const counts = {};
  const step = (name) => {
    counts[name] = (counts[name] ?? 0) + 1;
    if (name !== 'put' && name !== 'delete') writeSync(1, 'step ' + counts[name] + ' ' + name + '\\n');
    if (killAt === name + ' ' + counts[name]) process.kill(process.pid, 'SIGKILL');
  };
  const store = await openStore(folder + '/store', { mode: 'write', environment: nodeEnvironment({ failpoint: step }) });
  const noted = (name, act) => (...inputs) => {
    appendFileSync(folder + '/ran', name + '\\n');
    return act(...inputs);
  };
  const functions = Object.fromEntries(Object.entries({
    one: () => 1, two: () => 2, sum: (a, b) => a + b, last: (n) => ({ n }), again: (n) => [n],
    fail: () => { throw new Error('no'); },
  }).map(([name, act]) => [name, noted(name, act)]));
  /** Jobs that outlive the process, one for each UUID whoever submits it, however often. */
  const jobs = ({ objects, report }) => {
    const answer = (nodeId, answer) => setImmediate(() => report([{ type: 'answered', nodeId, answer }]));
    return {
      capacity: 100,
      traitsOf: () => ({ outlives: true }),
      submit: (submissions) => {
        for (const { nodeId, functionUri, inputDatumIds, executionUuid } of submissions) {
          const job = folder + '/' + executionUuid;
          if (!existsSync(job)) {
            const inputs = inputDatumIds.map((datumId) => liftDatum(objects, datumId));
            let made;
            try {
              made = { value: functions[functionUri.slice(memoryUri('').length)](...inputs) };
            } catch ({ message }) {
              made = { message };
            }
            writeFileSync(job, JSON.stringify(made));
          }
          answer(nodeId, { type: 'pending', token: '1', pollAfterMs: 0 });
        }
      },
      poll: (polls) => {
        for (const { nodeId, token, executionUuid } of polls) {
          if (token === '1') answer(nodeId, { type: 'pending', token: '2', pollAfterMs: 0 });
          else {
            const { value, message } = JSON.parse(readFileSync(folder + '/' + executionUuid, 'utf8'));
            const failure = { code: 'function_threw', message, trace: [] };
            answer(nodeId, message ? { type: 'done', outcome: 'error', failure }
              : { type: 'done', outcome: 'ok', datumId: lowerValue(value, objects, '') });
          }
        }
      },
      stop: () => {},
      close: async () => {},
    };
  };
  const inMemory = (context) => new MemoryAdapter(context, { functions, troubles: ['pending', 'lost'] });
  const executor = new Executor({
    store,
    startAdapter: mode === 'jobs' ? jobs : inMemory,
    pollPauses: { baseMs: 1, maxMs: 1 },
    retryPauses: { baseMs: 1, maxMs: 1 },
  });
  const onEvent = ({ type, name, outcome }) => {
    if (type === 'call-finished') writeSync(1, 'finished ' + name + ' ' + outcome + '\\n');
    step(type);
  };
  const { run, objects, close } = executor.openRun({ workName: 'killed', base: undefined, actor: 'test', onEvent });
  const literal = run.addLiteral(lowerValue('input', objects, ''));
  const call = (name, ...inputs) => {
    const functionDatumId = objects.put({ type: 'datum', kind: 'uri', value: memoryUri(name) });
    return run.addCall({ functionDatumId, label: name, options: {} }, inputs);
  };
  const sum = call('sum', call('one', literal), call('two', literal));
  const fail = call('fail', sum);
  const last = call('last', sum);
  call('again', last);
  await run.idle();
  run.flush();
  await close();
  await executor.close();
  await store.close();
  writeSync(1, 'values ' + [sum, last, fail].map(({ status }) => status).join(' ') + '\\n');`;

let program: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dml-killed-child-'));
  afterTests('file', () => rmSync(folder, { recursive: true, force: true }));
  program = join(folder, 'child.mjs');
  writeFileSync(program, await bundledChild(CHILD));
});

interface Ended {
  readonly exitCode: number | null;
  readonly lines: readonly string[];
}

type Mode = 'memory' | 'jobs';

async function child(folder: string, killAt = '', mode: Mode = 'memory'): Promise<Ended> {
  const args = [program, folder, killAt, mode];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  afterTests('test', () => void started.kill('SIGKILL'));
  let output = '';
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [exitCode] = (await once(started, 'close')) as [number | null];
  return { exitCode, lines: output.split('\n').slice(0, -1) };
}

async function emptyFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dml-killed-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'ran'), '');
  await (await openStore(join(folder, 'store'), { mode: 'write', create: true })).close();
  return folder;
}

const ranIn = (folder: string): readonly string[] =>
  readFileSync(join(folder, 'ran'), 'utf8').split('\n').slice(0, -1);
const finishedIn = ({ lines }: Ended): ReadonlyMap<string, string> =>
  new Map(
    lines.flatMap((line) => {
      const [word, name, outcome] = line.split(' ') as [string, string, string];
      return word === 'finished' ? [[name, outcome] as const] : [];
    }),
  );

/** Where rounds are not full, of each three moments one is tried, another one for each test. */
function triedOf(all: readonly string[], which: number): readonly string[] {
  return IS_FULL ? all : all.filter((_, index) => index % 3 === which);
}

/** The moments of a run that is not killed, as `<name> <which>`, the first ones of each name. */
async function moments(most: number, mode?: Mode): Promise<readonly string[]> {
  const { lines } = await child(await emptyFolder(), '', mode);
  return lines.flatMap((line) => {
    const [word, which, name] = line.split(' ') as [string, string, string];
    return word === 'step' && Number(which) <= most ? [`${name} ${which}`] : [];
  });
}

/**
 * Checks that a run was killed at a moment. How often outcomes are written hangs on how fast the machine is, so a moment
 * may come once only.
 */
function expectKilled(moment: string, { exitCode }: Ended): void {
  expect([moment, exitCode]).toEqual([moment, exitCode === 0 && moment.endsWith(' 2') ? 0 : null]);
}

async function expectSound(folder: string): Promise<void> {
  const store = await openStore(join(folder, 'store'), { mode: 'write' });
  store.transact('write', () => {});
  expect((await verifyStore(store)).findings).toBe(0);
  expect(store.liveSessions()).toHaveLength(1);
  expect(store.readAttempts()).toEqual([]);
  await store.close();
  expect(readdirSync(store.path).filter((name) => name.startsWith('marks-'))).toEqual([]);
}

describe('a process that is killed at any moment of a run', () => {
  it('loses no outcome that it has reported, and the next one goes on [DML-EXE-1008]', async () => {
    const all = await moments(2);
    const names = new Set(all.map((moment) => moment.split(' ')[0]));
    for (const name of ['integrate/before-commit', 'integrate/after-commit', 'call-started', 'call-retried'])
      expect(names).toContain(name);
    for (const moment of triedOf(all, 0)) {
      const folder = await emptyFolder();
      const killed = await child(folder, moment);
      expectKilled(moment, killed);
      const next = await child(folder);
      expect([moment, next.exitCode, next.lines.at(-1)]).toEqual([moment, 0, 'values ok ok error']);
      const finished = finishedIn(next);
      expect([moment, [...finished.keys()].sort()]).toEqual([moment, [...NAMES].sort()]);
      for (const [name] of finishedIn(killed))
        expect([moment, name, finished.get(name)]).toEqual([
          moment,
          name,
          name === 'fail' ? 'failed' : 'cached',
        ]);
      const ran = ranIn(folder);
      for (const name of finishedIn(killed).keys())
        expect([moment, name, ran.filter((each) => each === name).length]).toEqual([moment, name, 1]);
      await expectSound(folder);
    }
  });

  it('holds up nobody who runs the same at the same time [DML-EXE-3005]', async () => {
    for (const moment of triedOf(await moments(1), 1)) {
      const folder = await emptyFolder();
      const [killed, other] = await Promise.all([child(folder, moment), child(folder)]);
      expect([moment, other.exitCode, other.lines.at(-1)]).toEqual([moment, 0, 'values ok ok error']);
      // What the killed one reported it had kept, or taken from the other one.
      const ran = ranIn(folder);
      for (const name of finishedIn(killed).keys())
        expect([moment, name, ran.filter((each) => each === name).length]).toEqual([moment, name, 1]);
      const again = finishedIn(await child(folder));
      for (const name of NAMES)
        expect([moment, name, again.get(name)]).toEqual([
          moment,
          name,
          name === 'fail' ? 'failed' : 'cached',
        ]);
      await expectSound(folder);
    }
  });

  it('leaves jobs that go on without it, which the next one takes up and runs no other of [DML-EXE-1202]', async () => {
    const all = await moments(1, 'jobs');
    const names = new Set(all.map((moment) => moment.split(' ')[0]));
    for (const name of [
      'request/before-commit',
      'request/after-commit',
      'tokens/before-commit',
      'tokens/after-commit',
    ])
      expect(names).toContain(name);
    for (const moment of triedOf(all, 2)) {
      const folder = await emptyFolder();
      const killed = await child(folder, moment, 'jobs');
      expectKilled(moment, killed);
      const next = await child(folder, '', 'jobs');
      expect([moment, next.exitCode, next.lines.at(-1)]).toEqual([moment, 0, 'values ok ok error']);
      expect([moment, [...ranIn(folder)].sort()]).toEqual([moment, [...NAMES].sort()]);
      await expectSound(folder);
    }
  });
});
