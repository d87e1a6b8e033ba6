import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/remote-adapter/bin/dml-remote-shelf');
/** A database in the home folder. */
const place = 'dml+remote://shelf/shared.db';
const SYSTEM = '/usr/local/bin:/usr/bin:/bin';

let ours: TestRepository;
let bin: string;
beforeEach(async () => {
  ours = await TestRepository.create();
  bin = join(ours.folder, 'bin');
  mkdirSync(bin);
  copyFileSync(EXAMPLE, join(bin, 'dml-remote-shelf'));
});

const around = (env: Record<string, string> = {}) => ({
  env: { PATH: `${bin}:${SYSTEM}:${join(process.execPath, '..')}`, HOME: ours.folder, ...env },
});

async function ok(repository: TestRepository, argv: string[], env?: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await repository.dml(argv, around(env));
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`, argv.join(' ')).toBe('0 ');
  return stdout;
}

/** Writes an adapter that answers everything but `describe` by commands of Python. */
function adapter(name: string, commands: string): void {
  const source = `#!/usr/bin/env python3
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    described = {"status": "described", "schema": 1, "name": "${name}", "version": "1", "protocol": "remote/1", "capabilities": {"persistent": True}}
    if asked["operation"] == "describe":
        said = described
    elif not asked["remote"].startswith("dml+remote://${name.slice('dml-remote-'.length)}/"):
        said = {"status": "failed", "code": "uri_invalid"}
    else:
        ${commands}
    print(json.dumps({"id": asked["id"], **said}), flush=True)
`;
  writeFileSync(join(bin, name), source);
  chmodSync(join(bin, name), 0o755);
}

describe('a remote behind an executable', () => {
  it('is added, pushed to, cloned, fetched from and shared by runs [DML-REM-0651]', async () => {
    await ours.run('sums');
    await ok(ours, ['remote', 'add', 'origin', place]);
    await ok(ours, ['push']);
    const head = (await ok(ours, ['ref', 'main'])).trim();

    const theirs = new TestRepository();
    rmSync(theirs.folder, { recursive: true });
    const cloned = await dml(['clone', place, theirs.folder], { cwd: ours.folder, ...around() });
    expect(cloned.exitCode, cloned.stderr).toBe(0);
    expect((await ok(theirs, ['ref', 'origin/main'])).trim()).toBe(head);
    expect(await ok(theirs, ['remote', 'log'])).toContain('push');

    await ok(ours, ['branch', 'later']);
    await ok(ours, ['push', 'origin', 'later']);
    await ok(theirs, ['fetch']);
    expect((await ok(theirs, ['ref', 'origin/later'])).trim()).toBe(head);
    await ok(theirs, ['verify']);

    // What one has computed, somebody who starts afresh does not compute again.
    const elsewhere = async (): Promise<{ executed: number; cached: number }> => {
      const afresh = await TestRepository.create();
      await ok(afresh, ['remote', 'add', 'origin', place]);
      const run = ['--json', 'run', 'pipelines.ts', 'sums', '--remote', 'origin'];
      const lines = (await ok(afresh, run)).trim().split('\n');
      return JSON.parse(lines.at(-1) as string).counts;
    };
    const [first, second] = [await elsewhere(), await elsewhere()];
    expect(first.executed).toBeGreaterThan(0);
    expect([second.executed, second.cached]).toEqual([0, first.executed]);
    await ok(ours, ['remote', 'gc']);
  });

  it('has what a partial clone left out read on demand [DML-REM-0651]', async () => {
    const pipeline = `import { blob, definePipeline } from '@daggerml/bindings';
      export default definePipeline('large', (dag) => dag.literal(blob('many words '.repeat(30_000))));`;
    writeFileSync(join(ours.folder, 'large.ts'), pipeline);
    await ok(ours, ['run', 'large.ts']);
    await ok(ours, ['remote', 'add', 'origin', place]);
    await ok(ours, ['push']);
    const folder = join(ours.folder, 'copy');
    const filter = ['clone', '--filter', 'blob:none', place, folder];
    const cloned = await dml(filter, { cwd: ours.folder, ...around() });
    expect(cloned.exitCode, cloned.stderr).toBe(0);
    const shown = await dml(['--repo', folder, 'cat', 'large'], { cwd: ours.folder, ...around() });
    expect(shown.exitCode, shown.stderr).toBe(0);
    expect(shown.stdout).toBe('many words '.repeat(30_000));
  });

  it('is checked by its name or its URI, its protocol first [DML-REM-0667]', async () => {
    await ok(ours, ['remote', 'add', 'origin', place]);
    const named = JSON.parse(await ok(ours, ['--json', 'remote', 'check']));
    expect(named).toMatchObject({
      remote: 'origin',
      uri: place,
      verdict: 'safe',
      adapter: { name: 'dml-remote-shelf', path: join(bin, 'dml-remote-shelf') },
    });
    expect(named.adapter.findings).toHaveLength(6);
    for (const { problem } of named.adapter.findings) expect(problem).toBeUndefined();
    const byUri = await dml(['remote', 'check', place], { cwd: '/', ...around() });
    expect(byUri.exitCode, byUri.stderr).toBe(0);
    expect(byUri.stdout).toMatch(/protocol +ends with the exit code 0 once its input ends\n/);
    expect(byUri.stdout).toContain(`${place} is safe`);
    const folder = await dml(['--json', 'remote', 'check', pathToFileURL(join(ours.folder, 'plain')).href], {
      cwd: '/',
    });
    expect(JSON.parse(folder.stdout)).toMatchObject({ remote: null, verdict: 'safe' });
    expect(JSON.parse(folder.stdout).adapter).toBeUndefined();
  });

  it('is unsafe where its executable breaks the protocol, and nothing is written there [DML-REM-0668] [DML-REM-0670]', async () => {
    const seen = join(ours.folder, 'seen');
    adapter('dml-remote-liar', `open(${JSON.stringify(seen)}, "a").write("x"); said = {"status": "done"}`);
    const source = readFileSync(join(bin, 'dml-remote-liar'), 'utf8');
    writeFileSync(join(bin, 'dml-remote-liar'), source.replace('"remote/1"', '"remote/\\u001b[31m2"'));
    const checked = await ours.dml(['remote', 'check', 'dml+remote://liar/x'], around());
    expect(checked.exitCode).toBe(13);
    expect(checked.stdout).toContain('"dml-remote-liar" breaks the protocol of Remote Adapters');
    expect(checked.stdout).toContain('instead of "remote/1"');
    expect(checked.stdout).not.toContain('\u001b');
    expect(existsSync(seen)).toBe(false);
  });

  it('that says false things of its files is not used [DML-REM-0658]', async () => {
    adapter(
      'dml-remote-liar',
      'said = {"status": "absent"} if "read" in asked["operation"] else {"status": "done", "version": "v", "nowMs": 1}',
    );
    const checked = await ours.dml(
      ['--json', 'remote', 'check', 'dml+remote://liar/x', '--limit', '5'],
      around(),
    );
    expect(checked.exitCode).toBe(8);
    expect(checked.stderr).toContain('did not write the file of its answer');
  });

  it('is not added or cloned where PATH does not offer it [DML-REM-0666]', async () => {
    const gone = 'dml+remote://gone/x';
    for (const argv of [
      ['remote', 'add', 'x', gone],
      ['clone', gone, join(ours.folder, 'copy')],
      ['remote', 'check', gone],
    ]) {
      const refused = await ours.dml(argv, around());
      expect(refused.exitCode, argv.join(' ')).toBe(2);
      expect(refused.stderr).toContain('"dml-remote-gone"');
    }
    expect(existsSync(join(ours.folder, 'copy'))).toBe(false);
    expect(JSON.parse(await ok(ours, ['--json', 'remote', 'list']))).toEqual([]);
    // A folder that anybody may write to offers nothing.
    await ok(ours, ['remote', 'add', 'origin', place]);
    chmodSync(bin, 0o777);
    const passed = await ours.dml(['fetch'], around());
    expect(passed.exitCode).toBe(8);
    expect(passed.stderr).toContain('the adapter "dml-remote-shelf" is not installed');
  });

  it('is no Execution Adapter [DML-REM-0653]', async () => {
    writeFileSync(join(bin, 'dml-stats'), '#!/bin/sh\n', { mode: 0o755 });
    expect(JSON.parse(await ok(ours, ['--json', 'adapter', 'list']))).toEqual([
      expect.objectContaining({ name: 'dml-stats' }),
    ]);
    const checked = await ours.dml(['adapter', 'check', 'dml-remote-shelf'], around());
    expect(checked.exitCode).toBe(12);
  });

  it('sees variables without secrets, and those of DML_REMOTE_ENV [DML-REM-0665]', async () => {
    const env = {
      TOKEN: 'asked for',
      OTHER: 'and this',
      AWS_SECRET_ACCESS_KEY: 'xyzzy',
      HOME: '/home/someone',
    };
    const reasons = 'said = {"status": "failed", "code": "denied", "reason": " ".join(sorted(os.environ))}';
    adapter('dml-remote-env', reasons);
    await ok(ours, ['remote', 'add', 'origin', 'dml+remote://env/x']);
    const named = async (more: Record<string, string>): Promise<string> => {
      const refused = await ours.dml(['fetch'], around({ ...env, ...more }));
      return refused.stderr;
    };
    const few = await named({});
    expect(few).toContain('DML_ADAPTER_PROCESS HOME');
    for (const name of ['TOKEN', 'OTHER', 'AWS_SECRET_ACCESS_KEY']) expect(few).not.toContain(name);
    const more = await named({ DML_REMOTE_ENV: 'TOKEN, OTHER,MISSING' });
    for (const name of ['TOKEN', 'OTHER']) expect(more).toContain(name);
    for (const name of ['MISSING', 'AWS_SECRET_ACCESS_KEY', 'DML_REMOTE_ENV'])
      expect(more).not.toContain(name);
  });
});
