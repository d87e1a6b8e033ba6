import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { markedProcesses } from './marked-processes.ts';

/** Makes a folder that shows processes as Linux does: with their memory, where their environment ends, and its text. */
function systemOf(
  processes: readonly { pid: number; memory: number; start?: number; end: number; environment: string }[],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'dml-system-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  for (const { pid, memory, start = 0, end, environment } of processes) {
    mkdirSync(join(folder, String(pid)));
    const fields = Array(50).fill('0');
    fields[0] = 'S';
    fields[20] = String(memory);
    fields[47] = String(start);
    fields[48] = String(end);
    writeFileSync(join(folder, String(pid), 'stat'), `${pid} (a ) b) ${fields.join(' ')}\n`);
    writeFileSync(join(folder, String(pid), 'environ'), environment);
  }
  return folder;
}

describe.runIf(process.platform === 'linux')('marked processes', () => {
  it.each([
    ['has none yet', 0, 0],
    ['begins with an empty one', 90, 90],
    ['has one by now', 90, 99],
  ])(
    'are found by their environment, also where another program %s [DML-EXE-3310]',
    async (_, start, end) => {
      const system = systemOf([
        { pid: 11, memory: 4096, end: 99, environment: 'A=1\0MARK=x\0' },
        { pid: 12, memory: 4096, start, end, environment: '' },
        { pid: 13, memory: 4096, end: 99, environment: 'MARK=y\0' },
      ]);
      // A pipe: who reads it gets nothing first, and waits for the mark then.
      const path = join(system, '12/environ');
      rmSync(path);
      execFileSync('mkfifo', [path]);
      const writer = spawn('sh', ['-c', `: > '${path}'; sleep 0.05; printf MARK=x > '${path}'`]);
      afterTests('test', () => writer.kill('SIGKILL'));
      expect(markedProcesses(['MARK=x'], undefined, system).sort()).toEqual([11, 12]);
      await once(writer, 'close');
    },
  );

  it('are none of those without an environment, which are not waited for [DML-EXE-3310]', () => {
    const system = systemOf([
      // A thread of the system, one that has ended, and one that was started without variables.
      { pid: 11, memory: 0, end: 0, environment: '' },
      { pid: 12, memory: 4096, start: 99, end: 99, environment: '' },
    ]);
    expect(markedProcesses(['MARK=x'], undefined, system)).toEqual([]);
    // One that stays so is given up.
    const stuck = systemOf([{ pid: 11, memory: 4096, end: 0, environment: '' }]);
    expect(markedProcesses(['MARK=x'], undefined, stuck)).toEqual([]);
  });
});
