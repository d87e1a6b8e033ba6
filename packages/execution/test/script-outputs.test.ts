import type { BlobHandle } from '@daggerml/values';
import { describe, expect, it } from 'vitest';
import type { ScriptDeclaration } from '../src/script/script.ts';
import { ScriptWorld } from './script-world.ts';

type Outputs = ScriptDeclaration['outputs'];

describe('outputs of a script', () => {
  it('become blobs, folders, JSON and text', async () => {
    const world = await ScriptWorld.create();
    const outputs: Outputs = {
      file: { path: 'out/a.bin', form: 'file' },
      folder: { path: 'plots', form: 'folder' },
      data: { path: 'd.json', form: 'json' },
      note: { path: 'n.txt', form: 'text' },
      printed: { path: '-', form: 'file' },
    };
    const command = `mkdir out plots plots/empty; printf 'a\\0b' > out/a.bin
      echo x > plots/x; echo '#!' > plots/run; chmod +x plots/run; ln -s x plots/link; touch undeclared
      echo '{"n": [1, 2.5, null]}' > d.json; printf 'gr\\303\\274n' > n.txt; echo done`;
    const got = (await world.outcome({ command, outputs })) as Record<string, unknown>;
    expect(got).toMatchObject({ data: { n: [1, 2.5, null] }, note: 'grün' });
    expect(Object.keys(got).sort()).toEqual(['data', 'file', 'folder', 'note', 'printed']);
    expect(await (got.file as BlobHandle).text()).toBe('a\0b');
    expect(await (got.printed as BlobHandle).text()).toBe('done\n');
    const { link, ...folder } = got.folder as Record<string, unknown>;
    expect(link).toEqual({ link: 'x' });
    expect(folder).toEqual({
      empty: {},
      run: { content: expect.objectContaining({ sizeBytes: 3 }), executable: true },
      x: expect.objectContaining({ sizeBytes: 2 }),
    });
  });

  it('pass a large file on, unchanged', async () => {
    const world = await ScriptWorld.create();
    const made = world.call({
      command: 'head -c 80000000 /dev/urandom > big; sha256sum < big >&2',
      outputs: { path: 'big', form: 'file' },
    });
    const command = 'sha256sum < inputs/big; cat inputs/big > copy';
    const read = world.call({ command, values: { big: made }, outputs: { path: '-', form: 'text' } });
    expect(await world.run.outcome(read)).toBe(world.printed('stderr'));
  });

  it.each<[string, Outputs, string, string]>([
    ['a file', { path: 'model.bin', form: 'file' }, 'touch model.pkl', 'there are: model.pkl'],
    ['a folder', { path: 'plots/all', form: 'folder' }, 'true', 'nothing was'],
    [
      'one of several',
      { a: { path: 'a', form: 'text' }, b: { path: 'b', form: 'json' } },
      'touch a',
      'there are: a',
    ],
    ['one below a file', { path: 'a/b', form: 'file' }, 'touch a', 'there are: a'],
    ['a dangling link', { path: 'a', form: 'file' }, 'ln -s none a', 'there are: a'],
  ])('that were not written are a failure: %s [DML-EXE-3344]', async (_, outputs, command, there) => {
    const world = await ScriptWorld.create();
    const node = world.call({ command, outputs });
    const { message, ...failure } = (await world.run.outcome(node)) as { message: string };
    expect(failure).toEqual({ code: 'output_missing', class: 'deterministic' });
    expect(message).toMatch(/^the output "[^"]+" was declared and not written; /);
    expect(message).toContain(there);
  });

  it.each<[string, Outputs, string, string]>([
    ['a folder for a file', { path: 'a', form: 'file' }, 'mkdir a', 'write "a/" to declare a folder'],
    [
      'a file for a folder',
      { path: 'a', form: 'folder' },
      'touch a',
      'is a file, and was declared as a folder',
    ],
    ['a pipe', { path: 'a', form: 'file' }, 'mkfifo a', 'is a named pipe'],
    ['a pipe in a folder', { path: 'a', form: 'folder' }, 'mkdir a; mkfifo a/p', '"a/p" is a named pipe'],
    ['no JSON', { path: '-', form: 'json' }, "echo '{'", 'what it printed is no JSON'],
    ['nothing as JSON', { path: '-', form: 'json' }, 'true', 'it is empty'],
    ['NaN as JSON', { path: 'a', form: 'json' }, 'echo NaN > a', 'the output "a" is no JSON'],
    ['too much text', { path: '-', form: 'text' }, 'head -c 3000000 /dev/zero', 'so declare it as a file'],
    ['half a character', { path: '-', form: 'json' }, 'echo \'["\\ud800"]\'', 'cannot be stored'],
    ['bytes as text', { path: '-', form: 'text' }, "printf '\\377'", 'is no UTF-8 text'],
  ])('that are something else are a failure: %s [DML-EXE-3345]', async (_, outputs, command, reason) => {
    const world = await ScriptWorld.create();
    const { message, ...failure } = (await world.outcome({ command, outputs })) as { message: string };
    expect(failure).toEqual({ code: 'output_invalid', class: 'deterministic' });
    expect(message).toContain(reason);
  });

  it.each<[string, Outputs, string]>([
    ['a file', { path: 'a', form: 'file' }, 'ln -s /etc/hostname a'],
    ['its folder', { path: 'a/hostname', form: 'file' }, 'ln -s /etc a'],
    ['a folder', { path: 'a', form: 'folder' }, 'ln -s /etc a'],
    ['a file in a folder', { path: 'a', form: 'folder' }, 'mkdir -p a/b; ln -s /etc/hostname a/b/h'],
    ['a folder in a folder', { path: 'a', form: 'folder' }, 'mkdir a; ln -s .. a/up'],
    ['the working folder', { path: 'a', form: 'folder' }, 'ln -s . a'],
  ])('are not taken through links that lead out: %s [DML-EXE-3346]', async (_, outputs, command) => {
    const world = await ScriptWorld.create();
    const refusal = { code: 'output_invalid', message: expect.stringContaining('leads out of') };
    expect(await world.outcome({ command, outputs })).toMatchObject(refusal);
  });

  it.each<[string, Outputs, string]>([
    ['what is printed', { path: '-', form: 'file' }, 'head -c 3000000 /dev/zero'],
    [
      'files',
      { a: { path: 'a', form: 'file' }, b: { path: 'b', form: 'file' } },
      'head -c 1500000 /dev/zero | tee a > b',
    ],
    ['a folder', { path: 'a', form: 'folder' }, 'mkdir a; head -c 1500000 /dev/zero | tee a/a > a/b'],
    [
      'what is printed, a file and a folder',
      { a: { path: '-', form: 'file' }, b: { path: 'b', form: 'text' }, c: { path: 'c', form: 'folder' } },
      'mkdir c; head -c 700000 /dev/zero | tee b c/c',
    ],
  ])('may not be larger than the limit: %s [DML-EXE-3347]', async (_, outputs, command) => {
    const world = await ScriptWorld.create();
    const node = world.call({ command, outputs, limits: { maxOutputMb: 2 } });
    const refusal = { code: 'limit_exceeded', class: 'infrastructure' };
    expect(await world.run.outcome(node)).toMatchObject(refusal);
    expect(node.execId).toBeUndefined();
    expect(typeof (await world.outcome({ command, outputs, limits: { maxOutputMb: 3 } }))).toBe('object');
  });
});
