import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecId } from '@daggerml/object-model';
import { afterAll, describe, expect, it } from 'vitest';
import { done, type ShellAdapter, writeShellAdapter } from '../../../test/shell-adapter.ts';
import { Workspace } from '../../../test/workspace.ts';
import { markedProcesses } from '../../process/marked-processes.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface Attacked {
  readonly outcome: unknown;
  readonly output: string;
  /** Value of a call of another adapter in the same run. */
  readonly other: unknown;
  /** Processes of the run that are left. */
  readonly left: readonly number[];
  readonly dangling: readonly string[];
}

/** Runs a call of a hostile adapter together with one of a friendly one, to the end of the Executor. */
async function attack(hostile: ShellAdapter, timeoutMs?: number, describeMs = 30_000): Promise<Attacked> {
  const folder = mkdtempSync(join(tmpdir(), 'dml-hostile-'));
  folders.push(folder);
  writeShellAdapter(folder, 'dml-hostile', hostile);
  writeShellAdapter(folder, 'dml-friendly', { submit: `sleep 0.1; ${done('7')}` });
  const mark = randomUUID();
  const workspace = await Workspace.create('', {
    executables: {
      searchPath: `${folder}:/usr/bin:/bin`,
      environment: { PATH: '/usr/bin:/bin', MARK: mark },
      limits: { lineBytes: 100_000, outputBytes: 1000, describeMs, endMs: 1000, graceMs: 200 },
    },
  });
  try {
    const run = workspace.begin();
    const timed = timeoutMs === undefined ? {} : { timeoutMs };
    const hit = run.askUri('dml+exec://dml-hostile/f', [1], { retries: 0, ...timed });
    const friend = run.askUri('dml+exec://dml-friendly/f', [1]);
    const [outcome, other] = [await run.outcome(hit), await run.outcome(friend)];
    run.open.run.flush();
    const dangling = workspace.dangling(friend.execId as ExecId);
    await workspace.executor.close();
    const output = workspace.events.map((event) => (event.type === 'call-output' ? event.text : '')).join('');
    return { outcome, other, output, left: markedProcesses([mark]), dangling };
  } finally {
    await workspace.close();
  }
}

const daemon = 'setsid sh -c "trap \\"\\" TERM; sleep 1000" >/dev/null 2>&1 &';

describe('an adapter that', () => {
  it.each<[string, ShellAdapter, string, RegExp, (number | undefined)?, number?]>([
    ['ends with an exit code [DML-EXE-1307]', { submit: 'exit 3' }, 'worker_lost', /exit code 3/],
    [
      'ends with an exit code after its answer [DML-EXE-1307]',
      { submit: `${done('1')}; exit 3` },
      'worker_lost',
      /exit code 3/,
    ],
    ['ends without an answer [DML-EXE-3208]', { submit: 'exit 0' }, 'adapter_protocol', /without an answer/],
    [
      'ends in the middle of an answer [DML-EXE-1306]',
      { submit: `printf '{"id":%s,"sta' "$id"; exit 0` },
      'adapter_protocol',
      /no JSON/,
    ],
    ['is ended by a signal [DML-EXE-1307]', { submit: 'kill -9 $$' }, 'worker_lost', /SIGKILL/],
    ['hangs [DML-EXE-1407]', { submit: 'sleep 1000' }, 'timeout', /longer than 700 ms/, 700],
    [
      'ignores SIGTERM [DML-EXE-1407]',
      { submit: 'trap "" TERM; sleep 1000; sleep 1000' },
      'timeout',
      /longer than 700 ms/,
      700,
    ],
    [
      'does not end after its answer [DML-EXE-1306]',
      { submit: `${done('1')}; sleep 1000` },
      'adapter_protocol',
      /did not end/,
    ],
    [
      'does not read [DML-EXE-1407]',
      { before: 'sleep 1000', submit: '' },
      'timeout',
      /did not answer "describe" within 500 ms/,
      undefined,
      500,
    ],
    [
      'floods its output [DML-EXE-1405]',
      { submit: 'yes | tr -d "\\n"' },
      'adapter_protocol',
      /more than 100000 bytes/,
    ],
    ['floods its output with lines [DML-EXE-1306]', { submit: 'yes' }, 'adapter_protocol', /no JSON: "y"/],
    [
      'writes what is no UTF-8 [DML-EXE-1306]',
      { submit: `printf '{"id":"\\377\\376"}\\n'` },
      'adapter_protocol',
      /UTF-8/,
    ],
    [
      'answers twice [DML-EXE-1306]',
      { submit: `${done('1')}; ${done('2')}` },
      'adapter_protocol',
      /not open/,
    ],
    [
      'answers another question [DML-EXE-1306]',
      { submit: `id=99; ${done('1')}` },
      'adapter_protocol',
      /not open, 99/,
    ],
    [
      'answers with another form [DML-EXE-1306]',
      { submit: `printf '{"id":%s,"status":"done","outcome":"fine"}\\n' "$id"` },
      'adapter_protocol',
      /outcome/,
    ],
    [
      'answers without a value [DML-EXE-1306]',
      { submit: `printf '{"id":%s,"status":"done","outcome":"ok"}\\n' "$id"` },
      'adapter_protocol',
      /value/,
    ],
    ['answers with no object [DML-EXE-1306]', { submit: 'echo null' }, 'adapter_protocol', /object/],
    [
      'has a huge token [DML-EXE-1306]',
      {
        submit: `printf '{"id":%s,"status":"pending","pollAfterMs":1,"executionToken":"%070000d"}\\n' "$id" 0`,
      },
      'adapter_protocol',
      /executionToken/,
    ],
    [
      'writes slowly [DML-EXE-1306]',
      { submit: 'while :; do printf x; sleep 0.05; done' },
      'timeout',
      /longer than 700 ms/,
      700,
    ],
    [
      'is pending for too long [DML-EXE-3221]',
      {
        submit: `printf '{"id":%s,"status":"pending","pollAfterMs":50,"executionToken":"t"}\\n' "$id"`,
        poll: `printf '{"id":%s,"status":"pending","pollAfterMs":50,"executionToken":"t"}\\n' "$id"`,
      },
      'timeout',
      /longer than 700 ms/,
      700,
    ],
    [
      'names a file that is not there [DML-EXE-3203]',
      { submit: done('{"$file":"result"}') },
      'adapter_protocol',
      /"result", which is not there/,
    ],
    [
      'names a file elsewhere [DML-EXE-3203]',
      { submit: done('{"$file":"/etc/passwd"}') },
      'adapter_protocol',
      /not in the folder/,
    ],
    [
      'names a file elsewhere by a link [DML-EXE-3203]',
      { submit: `ln -s /etc/passwd "$folder/r"; ${done('[{"$file":"r"}]')}` },
      'adapter_protocol',
      /not in the folder/,
    ],
    [
      'names a file above [DML-EXE-3203]',
      { submit: done('{"$file":"../.."}') },
      'adapter_protocol',
      /not in the folder/,
    ],
    [
      'names a pipe [DML-EXE-3203]',
      { submit: `mkfifo "$folder/r"; ${done('{"$file":"r"}')}` },
      'adapter_protocol',
      /cannot be read/,
    ],
    [
      'names a file with another hash [DML-EXE-3204]',
      { submit: `echo x > "$folder/r"; ${done(`{"$file":"r","sha256":"${'0'.repeat(64)}"}`)}` },
      'adapter_protocol',
      /another SHA-256/,
    ],
    [
      'has a tag that there is not [DML-EXE-3209]',
      { submit: done('{"$date":"today"}') },
      'adapter_protocol',
      /the tag "\$date"/,
    ],
    [
      'has a key twice [DML-EXE-3209]',
      { submit: done('{"a":1,"a":2}') },
      'adapter_protocol',
      /key "a" twice/,
    ],
    [
      'nests without end [DML-EXE-3209]',
      { submit: done(`${'['.repeat(5000)}${']'.repeat(5000)}`) },
      'adapter_protocol',
      /levels deep/,
    ],
    [
      'speaks another protocol [DML-EXE-1309]',
      {
        describe: `printf '{"id":%s,"status":"described","schema":1,"name":"n","version":"1","protocol":7,"capabilities":{}}\\n' "$id"`,
        submit: '',
      },
      'adapter_refused',
      /protocol 7, and this program the protocol 1/,
    ],
    [
      'has a newer description [DML-EXE-1315]',
      {
        describe: `printf '{"id":%s,"status":"described","schema":2,"name":"n","version":"1","protocol":1,"capabilities":{}}\\n' "$id"`,
        submit: '',
      },
      'adapter_protocol',
      /schema/,
    ],
    [
      'is described by something else [DML-EXE-1306]',
      { describe: done('1'), submit: '' },
      'adapter_protocol',
      /"describe" with the status "done"/,
    ],
    [
      'leaves a daemon and hangs [DML-EXE-1407]',
      { submit: `${daemon} sleep 1000` },
      'timeout',
      /longer than 700 ms/,
      700,
    ],
  ])('costs its own call alone, when it %s', async (_, hostile, code, message, ...limits) => {
    const { outcome, other, left, dangling } = await attack(hostile, ...limits);
    expect(outcome).toEqual({
      code,
      class: 'infrastructure',
      message: expect.stringMatching(/^the adapter "dml-hostile" /),
    });
    expect((outcome as { message: string }).message).toMatch(message);
    expect(other).toBe(7);
    expect(left).toEqual([]);
    expect(dangling).toEqual([]);
  });
});

describe('an adapter that is allowed to answer', () => {
  it('sees no variable that it was not given [DML-EXE-1404]', async () => {
    process.env.DML_TEST_SECRET = 'secret';
    const { outcome } = await attack({
      submit: `printf '{"id":%s,"status":"done","outcome":"ok","value":"%s"}\\n' "$id" "$(env | cut -d= -f1 | sort | tr '\\n' ' ')"`,
    });
    delete process.env.DML_TEST_SECRET;
    // Node adds its own to every child process whose coverage is measured.
    const names = String(outcome).replace('NODE_V8_COVERAGE ', '');
    expect(names).toBe('DML_ADAPTER_PROCESS MARK PATH PWD ');
  });

  it('leaves no process behind, wherever it moved it [DML-EXE-1408]', async () => {
    const { outcome, left } = await attack({ submit: `${daemon} sleep 1000 & ${done('1')}; exit 0` });
    expect(outcome).toBe(1);
    expect(left).toEqual([]);
  });

  it('has what it says that its function printed cut in the same way [DML-EXE-1406]', async () => {
    const line = `printf '{"id":%s,"status":"output","stream":"stdout","text":"1234567890"}\\n' "$id"`;
    const { outcome, output } = await attack({
      submit: `i=0; while [ $i -lt 2000 ]; do ${line}; i=$((i + 1)); done; ${done('1')}`,
    });
    expect(outcome).toBe(1);
    expect(output).toBe(`${'1234567890'.repeat(100)}\n[the rest of this output was cut]\n`);
  });

  it('has what it writes to standard error cut, and marked as cut [DML-EXE-1406]', async () => {
    const { outcome, output } = await attack({ submit: `yes | head -c 3000000 >&2; ${done('1')}` });
    expect(outcome).toBe(1);
    expect(output).toBe(`${'y\n'.repeat(500)}\n[the rest of this output was cut]\n`);
  });
});
