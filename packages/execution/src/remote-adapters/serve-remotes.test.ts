import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it, vi } from 'vitest';
import { boxedProgram } from '../../test/remote-programs.ts';
import { markedProcesses } from '../process/marked-processes.ts';
import { send } from '../process/send-signal.ts';
import { programFile } from '../source-file.ts';

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-serve-')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asks the adapter of folders questions and returns its answers. */
function asked(questions: readonly object[], env: Readonly<Record<string, string>> = {}): unknown[] {
  const lines = questions.map((question, at) =>
    JSON.stringify({ protocol: 'remote/1', id: at + 1, ...question }),
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [programFile('dml-remote-file')], {
    input: lines.join('\n'),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
  expect([status, stderr]).toEqual([0, '']);
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return answers.sort((one, other) => one.id - other.id);
}

/** Starts a server that takes connections and never says anything. */
async function silentServer(): Promise<{ readonly port: number; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTests('test', () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

describe('an adapter of remotes in the box', () => {
  it('answers by the errors of the files of a remote [DML-REM-0663]', () => {
    const folder = newFolder();
    const file = (name: string): string => join(folder, name);
    writeFileSync(file('given'), 'bytes');
    const remote = `dml+remote://file${folder}/no/such/parent`;
    const path = `check/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}.bin`;
    expect(
      asked([
        { operation: 'describe' },
        { operation: 'put', remote, path, file: file('given') },
        { operation: 'put', remote: `dml+remote://file${folder}`, path: '../x', file: file('given') },
        { operation: 'now', remote: 'dml+remote://file/x?region=eu' },
        { operation: 'now', remote: 'dml+remote://other/x' },
        { operation: 'read', remote: `dml+remote://file${folder}`, path, file: file('read') },
        { operation: 'put', remote: `dml+remote://file${folder}`, path, file: file('nowhere') },
      ]),
    ).toEqual([
      expect.objectContaining({ status: 'described', name: 'dml-remote-file', protocol: 'remote/1' }),
      expect.objectContaining({ id: 2, status: 'failed', code: 'missing' }),
      expect.objectContaining({ id: 3, status: 'failed', code: 'denied' }),
      expect.objectContaining({ id: 4, status: 'failed', code: 'uri_invalid' }),
      expect.objectContaining({ id: 5, status: 'failed', code: 'uri_invalid' }),
      { id: 6, status: 'absent' },
      expect.objectContaining({ id: 7, status: 'failed', code: 'unreachable' }),
    ]);
  });

  it.each(['dml-remote-file', 'dml-remote-s3'] as const)('%s says what it is on a command line', (name) => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    const say = (...words: string[]): unknown[] => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [programFile(name), ...words], {
        encoding: 'utf8',
      });
      return [status, stdout, stderr];
    };
    const help = expect.stringContaining(`${name} is a Remote Adapter of DaggerML`);
    expect(say('--version')).toEqual([0, `${version}\n`, '']);
    expect(say('--help')).toEqual([0, help, '']);
    expect(say('run')).toEqual([2, '', help]);
  });

  it('ends with the process that started it [DML-REM-0664]', async () => {
    const folder = newFolder();
    const { port, sockets } = await silentServer();
    const program = boxedProgram(folder, 'dml-remote-s3');
    const endpoint = encodeURIComponent(`http://127.0.0.1:${port}`);
    const remote = `dml+remote://s3/bucket/x?endpoint=${endpoint}&region=eu`;
    const question = { protocol: 'remote/1', id: 1, operation: 'now', remote };
    const source = `const child = require('node:child_process').spawn(process.argv[1], { stdio: ['pipe', 'inherit', 'inherit'] });
      child.stdin.write(process.argv[2] + '\\n'); setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['-e', source, program, JSON.stringify(question)], {
      env: { PATH: process.env.PATH, MARK: folder, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
    });
    const living = (): readonly number[] => markedProcesses([folder]);
    afterTests('test', () => {
      starter.kill('SIGKILL');
      for (const pid of living()) send(pid, 'SIGKILL');
    });
    await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(0), 50_000);
    expect(living().length).toBeGreaterThan(1);
    starter.kill('SIGKILL');
    await vi.waitFor(() => expect(living(), 'processes of the adapter').toEqual([]), 50_000);
  }, 120_000);
});
