import type { CallOutcome, RunReport } from '@daggerml/execution';
import type { NodeId } from '@daggerml/object-model';
import { describe, expect, it, vi } from 'vitest';
import type { CliIo } from '../process/cli-io.ts';
import { displayWidth } from './display-width.ts';
import { Output } from './output.ts';
import { RunProgress } from './run-progress.ts';

/** What is said on a terminal or elsewhere while a clock runs that the test sets. */
function listener(
  isTTY: boolean,
  isVerbose = false,
): { progress: RunProgress; said: string[]; clock: { ms: number } } {
  const said: string[] = [];
  const clock = { ms: 1_000_000 };
  const sink = { write: (text: string | Uint8Array) => said.push(String(text)) > 0, isTTY, columns: 60 };
  const io = { stdout: sink, stderr: sink, env: {}, nowMs: () => clock.ms } as unknown as CliIo;
  const output = new Output(io, { json: false, quiet: false, color: false });
  return { progress: new RunProgress(output, { nowMs: io.nowMs, cwd: '/', isVerbose }), said, clock };
}

function started(name: string): RunReport {
  return { type: 'call-started', nodeId: 'a' as NodeId, name, attempt: 1 };
}

describe('RunProgress', () => {
  it('tells how far long work has come, on a terminal in one line [DML-CLI-0727]', () => {
    const { progress, said, clock } = listener(true);
    for (let members = 10_000; members <= 120_000; members += 10_000) {
      progress.onEvent({ type: 'value-progress', members });
      clock.ms += 20;
    }
    progress.onEvent({ type: 'directory-progress', path: 'a/very/long/path/'.repeat(9), files: 2000 });
    expect(said.slice(0, 2)).toEqual([
      '\r\u001b[J  storing a value: 60,000 members',
      '\r\u001b[J  storing a value: 110,000 members',
    ]);
    expect(said.every((text) => !text.includes('\n') && text.length <= 60 + 4)).toBe(true);
  });

  it('tells how far long work has come, elsewhere in a line from time to time [DML-CLI-0727]', () => {
    const { progress, said, clock } = listener(false);
    for (let files = 1000; files <= 12_000; files += 1000) {
      progress.onEvent({ type: 'directory-progress', path: 'data', files });
      clock.ms += 1000;
    }
    expect(said).toEqual(['  capturing data: 6,000 files\n', '  capturing data: 11,000 files\n']);
  });

  it('names a process whose calls the run waits for, once [DML-CLI-1900]', () => {
    const { progress, said } = listener(false);
    const elsewhere = { type: 'call-elsewhere', nodeId: 'a' as NodeId } as const;
    for (const [name, pid] of [
      ['first', 11],
      ['second', 11],
      ['third', 22],
    ] as const)
      progress.onEvent({ ...elsewhere, name, pid });
    expect(said).toEqual([
      '  wait     first  process 11 runs it; this run takes the outcome\n',
      '  wait     third  process 22 runs it; this run takes the outcome\n',
    ]);
  });

  it('names whom the run waits for, once, and on a terminal every call that waits [DML-CLI-3804]', () => {
    const events = [
      ['a', 'first', 'ada'],
      ['b', 'second', 'ada'],
      ['c', 'third', 'ben\u001b'],
    ].map(([nodeId, name, owner]) => ({ type: 'call-waiting', nodeId, name, owner }) as RunReport);
    const lines = [
      '  wait     first  waiting for ada, who runs it; this run takes the outcome\n',
      '  wait     third  waiting for ben\\u001b, who runs it; this run takes the outcome\n',
    ];
    const plain = listener(false);
    for (const event of events) plain.progress.onEvent(event);
    expect(plain.said).toEqual(lines);
    vi.useFakeTimers();
    try {
      const { progress, said, clock } = listener(true);
      for (const event of events) progress.onEvent(event);
      clock.ms += 3_000;
      // One that came to its end elsewhere, and one that runs here at last.
      progress.onEvent({ ...started('third'), nodeId: 'c' } as RunReport);
      vi.advanceTimersByTime(100);
      expect(said.at(-1)).toMatch(
        /running {2}third {2}0 ms\n {2}waiting {2}first {2}for ada {2}3\.0 s\n {2}waiting {2}second {2}for ada {2}3\.0 s/,
      );
      progress.onEvent({
        type: 'call-finished',
        nodeId: 'a' as NodeId,
        name: 'first',
        functionName: 'first',
        outcome: 'cached',
        fromCache: true,
        durationMs: 0,
      });
      vi.advanceTimersByTime(100);
      expect(said.at(-1)).not.toContain('first');
      expect(said.at(-1)).toContain('second  for ada');
      progress.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['lab\u001b[31mel', 'lab\\u001b[31mel'],
    ['a\u200bb\u{e0041}\nc', 'a\\u200bb\\udb40\\udc41\\nc'],
  ])('escapes the label %j in the live block [DML-CLI-0462]', (label, shown) => {
    vi.useFakeTimers();
    try {
      const { progress, said, clock } = listener(true);
      progress.onEvent(started(label));
      clock.ms += 100;
      vi.advanceTimersByTime(100);
      progress.close();
      const [block, cleared] = said;
      expect(block?.split('\n')).toEqual(['\r\u001b[J  0 done', `  running  ${shown}  100 ms`]);
      expect(cleared).toBe('\r\u001b[1A\u001b[J');
    } finally {
      vi.useRealTimers();
    }
  });

  it.each(['x', '日', '🚀', '❤️', 'e\u0301', '\u001b', '\u200b', '\t', '\ud800'])(
    'cuts the live block of labels made of %j to fewer columns than the terminal has [DML-CLI-0462]',
    (character) => {
      const { progress, said, clock } = listener(true);
      const path = character.repeat(90);
      progress.onEvent({ type: 'directory-progress', path, files: 1 });
      clock.ms += 1_000;
      progress.onEvent({ type: 'directory-progress', path, files: 2 });
      progress.onEvent(started(path));
      progress.close();
      const lines = said.map((text) => text.replace('\r\u001b[J', ''));
      expect(displayWidth(lines[0] ?? '')).toBeGreaterThan(50);
      for (const line of lines) {
        expect(displayWidth(line)).toBeLessThan(60);
        expect(line).not.toMatch(/\n|\r|\t|\u001b/);
      }
    },
  );

  function finished(label: string, functionName: string, outcome: CallOutcome): RunReport {
    const fromCache = outcome === 'cached';
    const nodeId = label as NodeId;
    return { type: 'call-finished', nodeId, name: label, functionName, outcome, fromCache, durationMs: 5 };
  }

  it('counts by function what was not carried out, and names the rest by its label [DML-CLI-0728]', () => {
    const { progress, said } = listener(false);
    const finish = (label: string, functionName: string, outcome: CallOutcome): void =>
      progress.onEvent(finished(label, functionName, outcome));
    for (let index = 0; index < 1200; index += 1) finish(`fold ${index}`, 'fit', 'cached');
    finish('fold x', 'fit', 'executed');
    finish('all', 'score\u001b[31m', 'cached');
    for (const label of ['a', 'b']) finish(label, 'fit', 'cancelled');
    finish('c', 'score', 'blocked');
    expect(said).toEqual(['  executed fold x  5 ms  fold x\n']);
    progress.close();
    progress.close();
    expect(said.slice(1)).toEqual([
      '  cached   fit × 1,200\n',
      '  cached   score\\u001b[31m\n',
      '  cancelled fit × 2\n',
      '  blocked  score\n',
    ]);
  });

  it('names the first calls that run and counts the others by function, unless all are wanted [DML-CLI-2904]', () => {
    const calls = Array.from({ length: 2001 }, (_, at) =>
      finished(`fold ${at}`, at % 2 ? 'a' : 'b', 'executed'),
    );
    for (const isTerminal of [true, false]) {
      const { progress, said } = listener(isTerminal);
      for (const each of [...calls, finished('bad', 'a', 'failed')]) progress.onEvent(each);
      progress.close();
      const lines = said.filter((text) => text.endsWith('\n'));
      expect(lines.slice(0, 20)).toEqual(
        calls.slice(0, 20).map((_, at) => `  executed fold ${at}  5 ms  fold ${at}\n`),
      );
      expect(lines.slice(20)).toEqual([
        '  failed   bad  : \n',
        '  executed b × 991 more\n',
        '  executed a × 990 more\n',
      ]);
    }
    const verbose = listener(false, true);
    for (const each of calls) verbose.progress.onEvent(each);
    verbose.progress.close();
    expect(verbose.said).toHaveLength(calls.length);
  });

  it('says from time to time how many calls have ended where it counts them [DML-CLI-2905]', () => {
    const { progress, said, clock } = listener(false);
    for (let at = 0; at < 40; at += 1) {
      progress.onEvent(finished(`fold ${at}`, 'fit', 'executed'));
      clock.ms += 500;
    }
    expect(said.slice(20)).toEqual(['  31 calls done\n']);
    const live = listener(true);
    for (let at = 0; at < 40; at += 1) {
      live.progress.onEvent(finished(`fold ${at}`, 'fit', 'executed'));
      live.clock.ms += 500;
    }
    expect(live.said.join('')).not.toContain('done');
  });

  it('tells what was taken of a folder and what was not [DML-CLI-0726]', () => {
    const { progress, said } = listener(false);
    const taken = {
      type: 'directory-captured',
      path: 'data',
      files: 1,
      readFiles: 1,
      links: 0,
      emptyFolders: 0,
      filteredFiles: 0,
      leftOut: [],
    } as const;
    progress.onEvent(taken);
    const leftOut = ['.git', 'node_modules', 'x/node_modules', 'y/node_modules', 'z/.git'];
    progress.onEvent({
      ...taken,
      path: 'all\u001b[31m',
      files: 1204,
      readFiles: 1204,
      filteredFiles: 3000,
      leftOut,
    });
    expect(said[0]).toBe('  captured data  1 file\n');
    expect(said[1]).toContain(
      '1,204 files, without .git, node_modules, x/node_modules, 2 more by their names, 3,000 files by the filter\n',
    );
    expect(said[1]).not.toContain('\u001b');
  });

  it('tells how many links and empty folders a folder has, and how many files were read [DML-CLI-0771]', () => {
    const { progress, said } = listener(false);
    const taken = { type: 'directory-captured', path: 'data', filteredFiles: 0, leftOut: [] } as const;
    const tell = (files: number, readFiles: number, links: number, emptyFolders: number): string => {
      progress.onEvent({ ...taken, files, readFiles, links, emptyFolders });
      return said.splice(0).join('').trim();
    };
    expect(tell(2, 2, 0, 0)).toBe('captured data  2 files');
    expect(tell(120_000, 1204, 0, 0)).toBe('captured data  120,000 files (1,204 read, the others unchanged)');
    expect(tell(2, 0, 1, 0)).toBe('captured data  2 files (unchanged), 1 link');
    expect(tell(2, 1, 2000, 1)).toBe(
      'captured data  2 files (1 read, the others unchanged), 2,000 links, 1 empty folder',
    );
    expect(tell(0, 0, 0, 3)).toBe('captured data  0 files, 3 empty folders');
  });
});
