import fs, {
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FunctionCapture, functions } from '@daggerml/capture';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import { captureCall } from '../capture-call.ts';
import type { CallSpec } from '../run/callee.ts';
import type { CaptureTools } from './capture-tools.ts';

let place: CapturePlace;
beforeEach(async () => {
  place = await CapturePlace.create();
});
afterEach(() => {
  vi.unstubAllEnvs();
  return place.close();
});

const STEPS = `import { x } from './helper';
import { y } from 'lib';
import data from './data.json';
import * as linked from 'linked';
import { own } from './deep/own';
class Field { value; other = 1 }
const failing = () => { throw new Error('on purpose') };
export const clean = () => [x, y, data.a, linked.name, own, new Field(), Date.now(), failing];
export const small = () => 1;`;
const manifest = (name: string, more: object = {}): string =>
  JSON.stringify({ name, version: '1.0.0', ...more });
const settings = (more: object): string => JSON.stringify({ compilerOptions: more });

const FILES: Readonly<Record<string, string>> = {
  'package.json': manifest('project'),
  'src/steps.ts': STEPS,
  'src/helper.ts': "export const x = 'helper';",
  'src/data.json': '{ "a": "data" }',
  'src/deep/own/index.ts': "export const own = 'own';",
  'node_modules/lib/package.json': manifest('lib', { exports: { '.': './index.js', './b': './b.js' } }),
  'node_modules/lib/index.js':
    "exports.y = [require('./inner'), require('dep'), require('#own')]; try { exports.z = require('opt'); } catch {} try { require('./gone') } catch {}",
  'node_modules/lib/b.js': "exports.y = 'b';",
  'node_modules/lib/inner/index.js': "module.exports = 'inner';",
  'node_modules/dep/index.js': "module.exports = 'dep';",
  'packages/one/index.js': "exports.name = 'one';",
  'packages/one/package.json': manifest('linked'),
  'packages/two/index.js': "exports.name = 'one';",
  'packages/two/package.json': manifest('linked', { type: 'commonjs' }),
};

function write(path: string, text = 'module.exports = 1;'): void {
  place.write(path, text);
}

function link(path: string, target: string): void {
  const at = join(place.folder, path);
  rmSync(at, { force: true });
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(target, at);
}

function project(): void {
  for (const [path, text] of Object.entries(FILES)) write(path, text.replace("require('#own')", "'own'"));
  link('node_modules/linked', '../packages/one');
}

/** Captures a function in a process of its own; `made` is true where the bundler was used. */
function capture(
  tools: Partial<CaptureTools> = {},
  exportName = 'clean',
): { readonly made: boolean; readonly id: string; readonly spec: CallSpec } {
  place.begin();
  const capturing = new FunctionCapture();
  const asked = vi.spyOn(capturing, 'capture');
  const url = pathToFileURL(join(place.folder, 'src/steps.ts'));
  const reference = functions<Record<string, () => unknown>>(url)[exportName] as never;
  const spec = captureCall(reference, capturing, place.tools(tools));
  place.objects.writeAll();
  return { made: asked.mock.calls.length > 0, id: spec.functionDatumId, spec };
}

/** Returns the function that capturing gives without anything remembered, or the reason why there is none. */
function afresh(): string {
  try {
    return capture({ knowsFiles: false }).id;
  } catch (error) {
    return String(error);
  }
}

/** Writes a text of the same length and leaves the time of change of the content as it was. */
function rewriteUnseen(path: string, from: string, to: string): void {
  const file = join(place.folder, path);
  const { atime, mtime } = statSync(file);
  writeFileSync(file, fs.readFileSync(file, 'utf8').replace(from, to));
  utimesSync(file, atime, mtime);
}

describe('a function whose inputs are as they were', () => {
  it('is not captured again by another process [DML-CAP-2900]', async () => {
    project();
    const first = capture();
    await place.reopen();
    expect([first.made, capture()]).toEqual([true, expect.objectContaining({ made: false, id: first.id })]);
    expect(capture({}, 'small').made).toBe(true);
    expect(capture({}, 'small').made).toBe(false);
  });

  it('is reported, and its failures are traced, as when it was captured [DML-CAP-2902]', async () => {
    project();
    write('src/effect.ts', 'console.log(1);');
    write('src/helper.ts', "import { z } from './effect'; export const x = 'helper'; export const w = z;");
    const frames = Array.from({ length: 2_000 }, (_, column) => `at f (bundle:1:${column + 1})`);
    const facts = ({ traceInSources, sources, ...others }: NonNullable<CallSpec['captured']>): object => ({
      ...others,
      sources: sources(),
      places: frames.map((frame) => traceInSources([frame])),
    });
    const first = capture();
    const made = facts(first.spec.captured as never);
    await place.reopen();
    const known = capture();
    expect([first.made, known.made]).toEqual([true, false]);
    expect(facts(known.spec.captured as never)).toEqual(made);
    expect(made).toMatchObject({
      ambientInputs: [expect.objectContaining({ kind: 'clock' })],
      natives: [],
      bundler: expect.anything(),
    });
    expect(JSON.stringify(made)).toMatch(/steps\.ts:\d+:\d+/);
  });

  it.each<[string, () => void]>([
    [
      'files were copied and put back',
      () => {
        cpSync(join(place.folder, 'src'), join(place.root, 'copy'), { recursive: true });
        rmSync(join(place.folder, 'src'), { recursive: true });
        renameSync(join(place.root, 'copy'), join(place.folder, 'src'));
      },
    ],
    ['a file that no import can find was added', () => write('src/notes.txt')],
    [
      'a folder of the program itself came and went',
      () => {
        mkdirSync(join(place.folder, 'node_modules/.daggerml-1'));
        rmSync(join(place.folder, 'node_modules/.daggerml-1'), { recursive: true });
      },
    ],
    ['another package was installed', () => write('node_modules/other/index.js')],
  ])(
    'is not captured again where %s, and known by its identities from then on [DML-CAP-2900]',
    (_what, change) => {
      project();
      const { id } = capture();
      change();
      expect(capture()).toMatchObject({ made: false, id });
      const unread = (): never => {
        throw new Error('it was looked into');
      };
      const fileSystem = place.fileSystem({ readFileSync: unread as never, readdirSync: unread as never });
      expect(capture({ fileSystem })).toMatchObject({ made: false, id });
    },
  );
});

describe('a function with a changed input', () => {
  it.each<[string, () => void]>([
    ['an edited module', () => write('src/helper.ts', "export const x = 'edited';")],
    [
      'an edit that leaves size and time of change',
      () => rewriteUnseen('src/helper.ts', "'helper'", "'HELPER'"),
    ],
    ['an edited library', () => write('node_modules/dep/index.js', "module.exports = 'DEP';")],
    ['an edited file of data', () => write('src/data.json', '{ "a": "DATA" }')],
    ['a file that is found first', () => write('src/helper.tsx', "export const x = 'tsx';")],
    ['a file that is found before a folder', () => write('src/deep/own.ts', "export const own = 'file';")],
    ['a file of a library that is found before a folder', () => write('node_modules/lib/inner.js')],
    [
      'a library installed nearer',
      () => {
        write('src/node_modules/lib/package.json', manifest('lib'));
        write('src/node_modules/lib/index.js', "exports.y = 'nearer';");
      },
    ],
    ['a dependency installed nearer', () => write('node_modules/lib/node_modules/dep/index.js')],
    ['an optional module of a library', () => write('node_modules/opt/index.js')],
    ['an optional file of a library', () => write('node_modules/lib/gone.js')],
    [
      'other exports of a package',
      () => write('node_modules/lib/package.json', manifest('lib', { exports: './b.js' })),
    ],
    [
      'a package.json that was added',
      () => write('node_modules/dep/package.json', manifest('dep', { main: '../lib/b.js' })),
    ],
    [
      'compiler settings that were added',
      () => write('tsconfig.json', settings({ useDefineForClassFields: false })),
    ],
    [
      'compiler settings with names for places',
      () => {
        write('tsconfig.json', settings({ paths: { lib: ['./node_modules/dep'] } }));
      },
    ],
    ['a link that leads elsewhere', () => link('node_modules/linked', '../packages/two')],
    ['a package that became one with machine code', () => write('node_modules/lib/build/addon.node', 'x')],
    ['a module that is gone', () => rmSync(join(place.folder, 'src/helper.ts'))],
    ['a package that is gone', () => rmSync(join(place.folder, 'node_modules/dep'), { recursive: true })],
  ])('is captured again: %s [DML-CAP-2901]', (_what, change) => {
    project();
    const first = capture();
    expect(capture()).toMatchObject({ made: false, id: first.id });
    change();
    let again: string;
    try {
      const { made, id } = capture();
      expect(made).toBe(true);
      again = id;
    } catch (error) {
      again = String(error);
    }
    expect(again).toBe(afresh());
  });

  it.each<[string, () => void, () => void]>([
    [
      'a library that was nearer',
      () => {
        write('src/node_modules/lib/package.json', manifest('lib'));
        write('src/node_modules/lib/index.js', "exports.y = 'nearer';");
      },
      () => rmSync(join(place.folder, 'src/node_modules'), { recursive: true }),
    ],
    [
      'settings that are extended',
      () => {
        write('tsconfig.json', '{ "extends": ["./base", "./other.json"] }');
        write('base.json', settings({}));
        write('other.json', settings({}));
      },
      () => write('base.json', settings({ paths: { lib: ['./node_modules/dep'] } })),
    ],
    [
      'a link in a path to the project',
      () => {
        cpSync(place.folder, join(place.root, 'other'), { recursive: true, verbatimSymlinks: true });
        renameSync(place.folder, join(place.root, 'real'));
        symlinkSync('real', place.folder);
      },
      () => {
        rmSync(place.folder);
        symlinkSync('other', place.folder);
        write('src/helper.ts', "export const x = 'other';");
      },
    ],
  ])('is captured again: %s, as it was at first [DML-CAP-2901]', (_what, before, change) => {
    project();
    before();
    const first = capture();
    expect(capture()).toMatchObject({ made: false, id: first.id });
    change();
    const { made, id } = capture();
    expect(made).toBe(true);
    expect(id).not.toBe(first.id);
    expect(id).toBe(afresh());
  });

  it('is captured again when its code is not in the store [DML-CAP-2901]', () => {
    project();
    const { id } = capture();
    vi.spyOn(place.objects.constructor.prototype, 'retainDatums').mockReturnValueOnce([id]);
    expect(capture()).toMatchObject({ made: true, id });
    const damaged = (): never => {
      throw new Error('the chunk is damaged');
    };
    vi.spyOn(place.objects.constructor.prototype, 'getChunk').mockImplementationOnce(damaged);
    expect(capture()).toMatchObject({ made: true, id });
    expect(capture()).toMatchObject({ made: false, id });
  });
});

describe('a capture that is not remembered', () => {
  it('is one during which a link was moved to what had been there for long [DML-CAP-2903]', () => {
    project();
    const old = statSync(join(place.folder, 'packages/two')).ctimeMs;
    const fileSystem = place.fileSystem({
      lstatSync: ((path: string, options: object) => {
        const stats = fs.lstatSync(path, options) as fs.Stats;
        if (stats?.isSymbolicLink()) stats.ctimeMs = old + 10 * 60 * 60 * 1000;
        return stats;
      }) as never,
    });
    expect(capture({ fileSystem }).made).toBe(true);
    expect(capture().made).toBe(true);
    expect(capture().made).toBe(false);
  });

  it.each<[string, () => void, Partial<CaptureTools>?]>([
    ['of files that were just written', () => {}, { nowMs: () => Date.now() }],
    [
      'on a file system that does not keep identities',
      () => {},
      {
        fileSystem: { ...fs, statfsSync: (() => ({ type: 0x6969 })) as never },
      },
    ],
  ])('is one %s [DML-CAP-2903]', (_what, before, tools) => {
    project();
    before();
    const first = capture(tools);
    expect(capture()).toMatchObject({ made: true, id: first.id });
    expect(capture()).toMatchObject({ made: false, id: first.id });
  });

  it.each<[string, () => void]>([
    ['settings that give names to places', () => write('tsconfig.json', settings({ baseUrl: '.' }))],
    [
      'settings of a package',
      () => {
        write('tsconfig.json', '{ "extends": "base/tsconfig.json" }');
        write('node_modules/base/tsconfig.json', '{}');
      },
    ],
    [
      'settings that are hard to read',
      () => {
        write('tsconfig.json', '{ /* "extends": "./a" */ "extends": "./base.json" }');
        write('base.json', '{}');
        write('a.json', '{}');
      },
    ],
    ['a package manager that resolves modules itself', () => write('.pnp.cjs', 'module.exports = {};')],
    ['a package with machine code', () => write('node_modules/lib/build/addon.node', 'x')],
    [
      'a library that asks for its place',
      () => {
        write('node_modules/dep/index.js', "module.exports = __dirname + '/nothing-there';");
      },
    ],
    [
      'a library with a name of its own for another package',
      () => {
        write(
          'node_modules/lib/package.json',
          manifest('lib', { main: 'index.js', imports: { '#own': 'dep' } }),
        );
        write('node_modules/lib/index.js', FILES['node_modules/lib/index.js']);
      },
    ],
  ])('is one with %s [DML-CAP-2904]', (_what, before) => {
    project();
    before();
    const first = capture();
    expect(capture()).toMatchObject({ made: true, id: first.id });
  });

  it('is one of other settings of Node, or of another path to the module [DML-CAP-2905]', () => {
    project();
    const { id } = capture();
    for (const name of ['NODE_OPTIONS', 'NODE_PATH']) {
      vi.stubEnv(name, '--trace-warnings');
      expect(capture(), name).toMatchObject({ made: true, id });
      vi.unstubAllEnvs();
    }
    expect(capture()).toMatchObject({ made: false, id });
  });

  it('is made where nothing remembered is to be used, and replaces it [DML-CAP-2906]', () => {
    project();
    const first = capture();
    expect(capture({ knowsFiles: false })).toMatchObject({ made: true, id: first.id });
    write('src/helper.ts', "export const x = 'edited';");
    const second = capture({ knowsFiles: false });
    expect(second.id).not.toBe(first.id);
    expect(capture()).toMatchObject({ made: false, id: second.id });
    // What cannot be remembered leaves nothing that could be used instead.
    expect(capture({ knowsFiles: false, nowMs: () => Date.now() }).made).toBe(true);
    expect(capture()).toMatchObject({ made: true, id: second.id });
  });
});
