import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root } from '../tools/run/workspace.mjs';
import { fixture } from './fixture.mjs';
import { outcomeOf } from './system-calls.mjs';

const gate = (...args) =>
  capture(process.execPath, [join(root, 'ci/system-calls.mjs'), '--only', 'branch', ...args], {
    cwd: root,
  });

describe('the gate', () => {
  it('is green for the dml of this tree, and counts what it refused', async () => {
    const { code, output } = await gate();
    expect(output).toMatch(/"commands": 1,\n {2}"calls": \d\d+,\n {2}"refused": [1-9]/);
    expect(output).toMatch(/system-calls: green \(.* s\)\n$/);
    expect(code).toBe(0);
  });

  it('is red for one that calls a whole store damaged', async () => {
    const { code, output } = await gate('--program', join(fixture('system-calls-red'), 'dml.mjs'));
    expect(output).toMatch(/^dml branch: \w+ \d+ of \w+\.mdb, E\w+: says: .*$/m);
    expect(output).toMatch(/system-calls: red, [1-9]\d* problem\(s\) \(.* s\)\n$/);
    expect(code).toBe(1);
  });
});

describe('a command of which a call was refused', () => {
  const ended = { status: 10, signal: null, stderr: '', errno: 'EIO', line: 'pwrite data.mdb refused' };
  const outcome = (facts) => outcomeOf({ ...ended, isKnownDeath: () => false, ...facts });
  const report = (facts) => ({ stderr: `${JSON.stringify(facts, undefined, 2)}\n` });

  it('may do its work, or name the error of the system', () => {
    expect(outcome({ status: 0 })).toEqual({});
    const refused = { code: 'store_unreadable', message: 'refused (EIO)', hint: '' };
    expect(outcome(report(refused))).toEqual({ code: 'store_unreadable' });
    const busy = { code: 'store_busy', message: 'busy', hint: '' };
    expect(outcome(report(busy))).toEqual({ code: 'store_busy' });
    const words = { stderr: `Write error: at once${report(refused).stderr}` };
    expect(outcome(words)).toEqual({ code: 'store_unreadable' });
  });

  it('may not die but where that is known, speak of damage or a defect, or say nothing', () => {
    expect(outcome({ status: null, signal: 'SIGSEGV' }).problem).toMatch(/^died by SIGSEGV/);
    expect(outcome({ status: 139 }).problem).toMatch(/^died by signal 11/);
    expect(outcome({ status: 139, isKnownDeath: () => true })).toEqual({ isDeath: true });
    for (const message of ['the store is damaged', 'unexpected failure: EIO', 'this is a defect of dml'])
      expect(outcome(report({ code: 'x', message, hint: '' })).problem).toMatch(/^says: /);
    expect(outcome({ stderr: 'Error: EIO\n    at x' }).problem).toMatch(/^says no error of its own/);
    expect(outcome(report({ code: 'x', message: 'no', hint: '' })).problem).toBe('does not name EIO: x no');
  });
});
