import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { blob } from '@daggerml/values';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../src/process/find-program.ts';
import { ScriptWorld } from './script-world.ts';

const path = process.env.PATH ?? '';
const hasBwrap = findProgram('bwrap', { path, folder: '/' }) !== undefined;
if (!hasBwrap) console.warn('bwrap is not installed: what a sandbox keeps out is not tested here');

const text = { path: '-', form: 'text' } as const;
/** A folder of PATH with the system's programs, which are what a sandbox shows. */
const env = { PATH: '/usr/bin:/bin' };

describe.runIf(hasBwrap)('a sandboxed script', () => {
  it('runs with its files and inputs, and leaves its outputs', async () => {
    const world = await ScriptWorld.create({ env });
    world.write('a.py', 'import sys; open("out.txt", "w").write(open(sys.argv[1]).read().upper())');
    const command = ['python3', 'a.py', { input: 'data' }];
    const outputs = { path: 'out.txt', form: 'text' } as const;
    const call = { command, files: ['a.py'], values: { data: blob('abc') }, outputs, isSandboxed: true };
    expect(await world.outcome(call)).toBe('ABC');
  });

  it('has no network and sees no other process [DML-EXE-3350]', async () => {
    const server = createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterTests('test', () => void server.close());
    const { port } = server.address() as AddressInfo;
    const command = `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null && echo network; ls /proc | grep -c '^[0-9]'; echo $HOME $PWD`;
    const world = await ScriptWorld.create({ env });
    const inside = (await world.outcome({ command, isSandboxed: true })) as string;
    expect(inside).not.toContain('network');
    expect(Number(inside.split('\n')[0])).toBeLessThan(10);
    expect(inside).toContain('/work /work');
    expect(await world.outcome({ command })).toContain('network');
  });

  it('reads and writes nothing else of the machine [DML-EXE-3351]', async () => {
    const world = await ScriptWorld.create({ env });
    world.write('secret.txt', 'secret');
    const secret = join(world.folder, 'secret.txt');
    const command = `cat ${secret} || echo hidden; touch /usr/x /etc/x 2>/dev/null || echo read-only; ls /tmp`;
    expect(await world.outcome({ command })).toContain('secret');
    const inside = (await world.outcome({ command, isSandboxed: true })) as string;
    expect(inside).toMatch(/^hidden\nread-only\n/);
    const shown = { command: `cat ${secret}; echo x > ${secret} || echo read-only`, isSandboxed: true };
    const limits = { readable: [world.folder] };
    expect(await world.outcome({ ...shown, limits })).toBe('secretread-only\n');
  });

  it('fails as it does anywhere, and leaves no process when it is stopped', async () => {
    const world = await ScriptWorld.create({ env });
    const failing = { command: ['sh', '-c', 'echo why >&2; exit 3'], isSandboxed: true };
    expect(await world.outcome(failing)).toMatchObject({
      code: 'script_failed',
      message: `"sh -c 'echo why >&2; exit 3'" ended with exit code 3:\nwhy`,
    });
    const endless = { command: 'sleep 1000', isSandboxed: true, options: { timeoutMs: 300 } };
    expect(await world.outcome(endless)).toMatchObject({ code: 'timeout' });
  });
});

describe('a sandbox that cannot be', () => {
  it('ends the call, which runs nowhere else [DML-EXE-3352]', async () => {
    const world = await ScriptWorld.create({ env: { PATH: '/nonexistent' } });
    const mark = join(world.folder, 'ran');
    const node = world.call({
      command: ['/bin/sh', '-c', `touch ${mark}`],
      outputs: text,
      isSandboxed: true,
    });
    expect(await world.run.outcome(node)).toMatchObject({
      code: 'sandbox_missing',
      class: 'infrastructure',
      message: expect.stringContaining('apt-get install bubblewrap'),
    });
    world.write('bin/bwrap', '#!/bin/sh\necho no namespaces here >&2; exit 1', 0o755);
    const broken = world.call({
      command: ['/bin/sh', '-c', `touch ${mark}; # again`],
      env: { PATH: join(world.folder, 'bin') },
      isSandboxed: true,
    });
    expect(await world.run.outcome(broken)).toMatchObject({
      code: 'sandbox_missing',
      message: 'the sandbox could not be made: no namespaces here',
    });
    expect(await world.outcome({ command: ['/bin/ls', mark] })).toMatchObject({ code: 'script_failed' });
  });
});
