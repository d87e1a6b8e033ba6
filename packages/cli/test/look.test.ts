import { readFileSync } from 'node:fs';
import { encodeRecord, FORMAT_VERSION } from '@daggerml/object-model';
import { ENGINE_VERSION, headRef, indexRef, SCHEMA_VERSION } from '@daggerml/store';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RunDocument, TestRepository } from './test-repository.ts';

let repository: TestRepository;
let sums: RunDocument;
let values: RunDocument;
let report: RunDocument;
beforeAll(async () => {
  repository = await TestRepository.create();
  sums = await repository.run('sums');
  values = await repository.run('values');
  await repository.run('raw');
  report = await repository.run('report');
});

describe('dml status', () => {
  it('prints the branch, its commit, its dags and the work in progress [DML-CLI-0801]', async () => {
    await repository.dml(['run', 'pipelines.ts', 'fails']);
    const status = await repository.json<{ indexes: { index: string }[] }>('status');
    expect(status).toMatchObject({
      repository: repository.folder,
      branch: 'main',
      commitId: report.commitId,
    });
    expect(status).toMatchObject({
      dags: [{ dag: 'raw' }, { dag: 'report' }, { dag: 'sums' }, { dag: 'values' }],
    });
    expect(status.indexes).toHaveLength(1);
    const text = await repository.ok('status');
    expect(text).toContain('On branch main\n');
    expect(text).toContain(`Commit ${report.commitId.slice(0, 12)}  run report  (`);
    expect(text).toContain(`  ${sums.dagId.slice(0, 12)}  sums\n`);
    expect(text).toContain(`  ${status.indexes[0]?.index}  work in progress: fails on main  (`);
  });
});

describe('dml status with much work in progress', () => {
  it('lists the latest three and counts the others [DML-CLI-0831]', async () => {
    const busy = await TestRepository.create();
    await busy.run('sums');
    const uuids = Array.from({ length: 5 }, (_, index) => `0000000${index}-0000-8000-8000-000000000000`);
    // Neither the order of the names nor its reverse is that of the times.
    for (const [index, committedMs] of [3000, 5000, 1000, 4000, 2000].entries())
      await busy.plantCommit(indexRef(uuids[index] ?? ''), { committedMs, message: `at ${committedMs}` });
    const text = (await busy.dml(['status'], { nowMs: () => 6000 })).stdout;
    expect(text.slice(text.indexOf('In progress'))).toBe(
      [
        'In progress, failed or interrupted ("dml wip list" shows more):',
        `  ${uuids[1]}  at 5000  (1 second ago)`,
        `  ${uuids[3]}  at 4000  (2 seconds ago)`,
        `  ${uuids[0]}  at 3000  (3 seconds ago)`,
        '  and 2 earlier; "dml wip prune --all" forgets all 5\n',
      ].join('\n'),
    );
    expect((await busy.json<{ indexes: unknown[] }>('status')).indexes).toHaveLength(5);
  });
});

describe('dml log', () => {
  it('lists the commits, newest first [DML-CLI-3840]', async () => {
    const commits =
      await repository.json<{ commitId: string; message: string; parentCommitIds: string[] }[]>('log');
    expect(commits.map(({ message }) => message)).toEqual([
      'run report',
      'run raw',
      'run values',
      'run sums',
    ]);
    expect(commits[0]?.commitId).toBe(report.commitId);
    expect(commits.map(({ parentCommitIds }) => parentCommitIds[0])).toEqual([
      ...commits.slice(1).map(({ commitId }) => commitId),
      undefined,
    ]);
    const older = await repository.ok('log', 'main~2');
    expect(older.match(/^commit [0-9a-f]{64}$/gm)).toEqual([
      `commit ${values.commitId}`,
      `commit ${sums.commitId}`,
    ]);
    expect(older).toContain('author tester\n');
  });

  it('names the committer where it or its time is another than the author [DML-CLI-0837]', async () => {
    const made = await TestRepository.create();
    await made.run('sums');
    const authoredMs = 1_700_000_000_000;
    const cases = [
      [{ committer: 'tester', committedMs: authoredMs }, []],
      [{ committer: 'other', committedMs: authoredMs }, ['committed by other, 2023-11-14 22:13:20Z']],
      [
        { committer: 'tester', committedMs: authoredMs + 60_000 },
        ['committed by tester, 2023-11-14 22:14:20Z'],
      ],
    ] as const;
    for (const [facts, lines] of cases) {
      const commitId = await made.plantCommit(headRef('main'), { authoredMs, ...facts });
      for (const text of [await made.ok('log', '-n', '1'), await made.ok('show', commitId)])
        expect(text.split('\n').filter((line) => /^(author|time|committed)/.test(line))).toEqual([
          ...['author tester', 'time   2023-11-14 22:13:20Z'],
          ...lines,
        ]);
      const [logged] = await made.json<object[]>('log', '-n', '1');
      expect(logged).toMatchObject({ author: 'tester', authoredMs, ...facts });
      expect(await made.json<object>('show', commitId)).toMatchObject(facts);
    }
  });

  it('lists at most as many commits as -n says [DML-CLI-0803]', async () => {
    expect(await repository.json<unknown[]>('log', '-n', '2')).toHaveLength(2);
    expect(await repository.json<unknown[]>('log', '--count', '100')).toHaveLength(4);
    expect((await repository.dml(['log', '-n', '1.5'])).exitCode).toBe(2);
  });
});

describe('dml show', () => {
  it('prints the kind of an object and what it holds [DML-CLI-0804]', async () => {
    const commit = await repository.json<{ treeId: string }>('show', 'main');
    expect(commit).toMatchObject({
      class: 'commit',
      objectId: report.commitId,
      author: 'tester',
      message: 'run report',
    });
    const text = await repository.ok('show', 'main');
    expect(text).toContain(`commit ${report.commitId}\n`);
    expect(text).toContain(`  ${sums.dagId.slice(0, 12)}  sums`);
    expect(await repository.ok('show', commit.treeId)).toContain(`tree ${commit.treeId}\n`);
    const dag = await repository.json<DagDocument>('show', 'sums');
    const node = dag.nodes.find(({ names }) => names.includes('three'));
    expect(await repository.json('show', node?.nodeId.slice(0, 10) ?? '')).toMatchObject({
      class: 'node',
      kind: 'call',
    });
    const exec = await repository.ok('show', node?.outcome?.execId ?? '');
    expect(exec).toContain(`exec ${node?.outcome?.execId}\n`);
    const literal = dag.nodes.find(({ kind }) => kind === 'literal');
    expect(await repository.ok('show', literal?.nodeId ?? '')).toMatch(
      /^kind {5}literal\ndatum {4}[0-9a-f]{12}\nvalue {4}1$/m,
    );
  });

  it('lists the names, nodes and outcomes of a dag [DML-CLI-0805]', async () => {
    const dag = await repository.json<DagDocument>('show', 'sums');
    expect(dag.nodes.map(({ kind }) => kind)).toEqual(['literal', 'literal', 'call', 'call']);
    expect(dag.nodes[3]).toMatchObject({ names: ['root'], outcome: { status: 'ok' } });
    expect(dag.nodes[3]?.inputNodeIds).toEqual([dag.nodes[2]?.nodeId]);
    const text = await repository.ok('show', 'sums');
    expect(text).toMatch(/^ {2}[0-9a-f]{12} {2}literal {2}2$/m);
    expect(text).toMatch(/^ {2}[0-9a-f]{12} {2}call {5}double\(three\) {2}ok in [\d.]+ m?s +root$/m);
  });

  it('tells the calls of one function apart by their inputs [DML-CLI-0825]', async () => {
    expect(await repository.ok('show', 'sums')).toMatch(/ call {5}add\(1, 2\) +ok in [\d.]+ m?s +three$/m);
    await repository.ok('branch', 'grids');
    await repository.ok('switch', 'grids');
    await repository.define(
      'grid',
      `async (dag) => {
        const sum = dag.call(steps.add, 1, 2);
        const seven = dag.literal(7);
        dag.name('seven', seven);
        return [dag.call(steps.add, sum, 5), dag.call(steps.add, seven, 6)];
      }`,
    );
    const { nodes } = await repository.json<DagDocument>('show', 'grid');
    const text = await repository.ok('show', 'grid');
    expect(text).toContain(' add(add(1, 2), 5) ');
    expect(text).toContain(' add(seven, 6) ');
    expect(await repository.ok('show', nodes.at(-2)?.nodeId ?? '')).toMatch(
      /^input {4}7 {2}[0-9a-f]{12}\ninput {4}6 {2}[0-9a-f]{12}$/m,
    );
    await repository.ok('switch', 'main');
  });

  it('shows a blob inside of a value by its size and content [DML-REP-0938]', async () => {
    const own = await TestRepository.create();
    const code = 'export const count = (files: object): number => Object.keys(files).length;';
    await own.define(
      'folder',
      `(dag) => {
        dag.name('params.files', dag.literal({ a: blob('abc') }));
        dag.name('files', dag.literal({ a: blob('abc'), b: [blob('xyz')] }));
        return dag.call(steps.count, { a: blob('abc') });
      }`,
      { code },
    );
    const [abc, xyz] = ['<blob 3 B ba7816bf8f01>', '<blob 3 B 3608bca1e44e>'];
    const text = await own.ok('show', 'folder');
    expect(text).toContain(`count({ "a": ${abc} })`);
    expect(text).toContain(`{ "a": ${abc}, "b": [ ${xyz} ] }`);
    expect(await own.ok('show', 'folder#files')).toContain(`${xyz}`);
    expect(await own.ok('table', 'folder')).toContain(`{ "a": ${abc} }`);
    for (const shown of [text, await own.ok('show', 'folder#files'), await own.ok('table', 'folder')])
      expect(shown).not.toContain('sizeBytes');
    const raw = { a: { '/': { blob: { sizeBytes: 3, sha256: expect.any(String) } } } };
    expect(await own.json('cat', 'folder#files')).toMatchObject(raw);
    const { runs } = await own.json<{ runs: object[] }>('table', 'folder');
    expect(runs).toMatchObject([{ values: { 'params.files': raw } }]);
  });

  it('keeps apart on a terminal what differs, and cuts nothing with --full [DML-CLI-0828] [DML-CLI-3705]', async () => {
    const grids = await TestRepository.create();
    await grids.define(
      'wide',
      `async (dag) => {
        const names = Array.from({ length: 40 }, (_, i) => 'column ' + i);
        const options = (depth, rate) => ({ kernel: 'radial basis function', names, depth, rate, seed: 20260101 });
        dag.name('raw', dag.literal(blob('abc')));
        dag.name('other', dag.literal(blob('xyz')));
        dag.name('long', dag.literal('y'.repeat(3000) + 'end'));
        return [3, 4].flatMap((depth) => [0.1, 0.2].map((rate) => dag.call(steps.size, options(depth, rate))));
      }`,
      { code: 'export const size = (options: object): number => Object.keys(options).length;' },
    );
    const terminal = (await grids.dml(['show', 'wide'], { isTerminal: true, env: { NO_COLOR: '1' } })).stdout;
    const calls = terminal.split('\n').filter((line) => line.includes(' size('));
    const shown = calls.map((line) => line.replace(/^.* (size\(.*\S) +ok in .*$/, '$1'));
    expect(shown).toHaveLength(4);
    expect(new Set(shown).size).toBe(4);
    for (const depth of [3, 4])
      for (const rate of [1, 2])
        expect(
          shown.filter((text) => text.includes(`": ${depth}`) && text.includes(`0.${rate}`)),
        ).toHaveLength(1);
    for (const line of terminal.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(terminal.trimEnd().split('\n').at(-1)).toMatch(/^… stands for what is cut: --full shows it/);
    expect(terminal).toMatch(/ blob of 3 B \(ba7816bf8f01\)/);
    expect(terminal).not.toContain('yend"');
    const full = await grids.ok('show', 'wide', '--full');
    expect(full).toContain(`"${'y'.repeat(3000)}end"`);
    expect(
      full.match(
        /size\(\{ "depth": [34], "kernel": .*"column 39" \], "rate": 0\.[12], "seed": 20260101 \}\)/g,
      ),
    ).toHaveLength(4);
    const wanted = await grids.dml(['show', 'wide', '--full'], {
      isTerminal: true,
      env: { NO_COLOR: '1' },
    });
    expect(wanted.stdout).toBe(full);
    const node = await grids.ok('show', 'wide#long', '--full');
    expect(node).toContain(`value    "${'y'.repeat(3000)}end"\n`);
  });

  it('cuts what is long where there is no terminal, and says how it is shown whole [DML-CLI-3704] [DML-CLI-3706]', async () => {
    const long = await TestRepository.create();
    await long.define(
      'long',
      `(dag) => {
        dag.name('text', dag.literal('y'.repeat(3000) + 'end'));
        dag.name('list', dag.literal(Array.from({ length: 1000 }, (_, n) => n)));
        return [1, 2].map((n) => dag.call(steps.size, Array.from({ length: 500 }, (_, i) => i === 250 ? -n : i)));
      }`,
      { code: 'export const size = (rows: number[]): number => rows.length;' },
    );
    const note = '… stands for what is cut: --full shows it, "dml cat <id>" prints a value whole';
    for (const name of ['long', 'long#text', 'long#list']) {
      const lines = (await long.ok('show', name)).trimEnd().split('\n');
      expect(lines.at(-1), name).toBe(note);
      for (const line of lines) expect(line.length, line).toBeLessThan(300);
      const whole = await long.ok('show', name, '--full');
      expect(whole, name).not.toContain(note);
      expect(whole.length).toBeGreaterThan(3000);
    }
    const dag = await long.ok('show', 'long');
    expect(dag).toMatch(/ literal {2}"y{100,200}.*… *.* text$/m);
    const calls = dag.split('\n').filter((line) => /^ {2}\S+ {2}call /.test(line));
    expect(calls.map((line) => /-[12]\b/.exec(line)?.[0]).sort()).toEqual(['-1', '-2']);
    // What is short is not cut, and nothing is said.
    expect(await repository.ok('show', 'sums')).not.toContain('… stands for');
    expect(await repository.ok('show', 'sums#three')).not.toContain('… stands for');
    const { nodes } = await long.json<DagDocument>('show', 'long');
    expect(JSON.stringify(nodes)).toContain(`${'y'.repeat(3000)}end`);
    expect(await long.json('show', 'long#text')).toMatchObject({ value: `${'y'.repeat(3000)}end` });
    expect(await long.ok('cat', 'long#text')).toContain('yend');
  });

  it('holds with --json the value of each literal [DML-CLI-0830]', async () => {
    const { nodes } = await repository.json<DagDocument>('show', 'sums');
    expect(nodes.filter(({ kind }) => kind === 'literal').map(({ value }) => value)).toEqual([1, 2]);
    const [, , sum] = nodes;
    expect(await repository.json('show', sum?.nodeId ?? '')).toMatchObject({
      inputs: [
        { nodeId: sum?.inputNodeIds[0], kind: 'literal', value: 1 },
        { nodeId: sum?.inputNodeIds[1], kind: 'literal', value: 2 },
      ],
    });
    expect(await repository.json('show', nodes[1]?.nodeId ?? '')).toMatchObject({ value: 2, inputs: [] });
  });

  it('shows the failure of an earlier run as long as the store has it [DML-REP-0101]', async () => {
    const own = await TestRepository.create();
    const { stderr } = await own.dml(['run', 'pipelines.ts', 'fails']);
    const [, nodeId = ''] = /see it with "dml show ([0-9a-f]{12})"/.exec(stderr) ?? [];
    await own.ok('run', 'pipelines.ts', 'sums');
    await own.ok('wip', 'prune', '--all');
    expect(await own.ok('show', nodeId)).toContain('error function_threw: RangeError: 3 is no good');
    const { outcome } = await own.json<{ outcome: { status: string } }>('show', nodeId);
    expect(outcome.status).toBe('error');
    expect((await own.dml(['cat', nodeId])).exitCode).toBe(7);
    await own.ok('gc');
    expect((await own.dml(['show', nodeId])).exitCode).toBe(3);
  });

  it.each([
    ['report.images', { kind: 'map', count: 1 }, '"chart.svg": <blob '],
    ['values.list', { kind: 'list', count: 2 }, '"two"'],
    ['values.set', { kind: 'set', count: 1 }, '"set": ['],
    ['values.bytes', { kind: 'bytes', sizeBytes: 3 }, '"AAH/"'],
    ['values.nothing', { kind: 'null', value: null }, 'null'],
    ['values.large', { kind: 'i64', value: '4611686018427387904' }, '"4611686018427387904"'],
    ['values.yes', { kind: 'bool', value: true }, 'true'],
    ['values.file', { kind: 'blob', sizeBytes: 14 }, 'size   14 B (14 bytes)'],
  ])('previews %s and says how large it is', async (name, facts, text) => {
    expect(await repository.json('show', name)).toMatchObject(facts);
    expect(await repository.ok('show', name)).toContain(text);
  });

  it('shows the beginning of a long value, and a chunk of a large one by its size', async () => {
    const own = await TestRepository.create();
    await own.define(
      'large',
      `async (dag) => {
        dag.name('list', dag.literal(Array.from({ length: 100 }, (_, at) => at)));
        dag.name('text', dag.literal(blob(Array.from({ length: 90_000 }, (_, at) => at * at).join())));
        return 1;
      }`,
    );
    const { datumId } = await own.json<{ datumId: string }>('show', 'large#list');
    const lines = (await own.ok('show', datumId)).split('\n');
    expect([lines.length, lines[22]]).toEqual([24, '… (--full shows all of it, "dml cat" prints it)']);
    expect((await own.ok('show', '--full', datumId)).split('\n')).toHaveLength(105);
    const { datumId: blobId } = await own.json<{ datumId: string }>('show', 'large#text');
    const chunkId = await own.withStore((store) => {
      const ids = JSON.stringify(store.getRecord('datum', blobId as never)).match(/[0-9a-f]{64}/g) ?? [];
      return ids.find((id) => store.has('chunk', id as never)) as string;
    });
    expect(await own.ok('show', chunkId)).toMatch(/^chunk [0-9a-f]{64}\nsize [\d.]+ KiB\n$/);
    const bytes = await own.ok('cat', chunkId);
    expect(await own.ok('cat', 'large#text')).toContain(bytes);
    const base64 = Buffer.from(bytes).toString('base64').replace(/=+$/, '');
    expect(await own.json('cat', chunkId)).toEqual({ '/': { bytes: base64 } });
  });
});

interface DagDocument {
  readonly nodes: readonly {
    readonly nodeId: string;
    readonly kind: string;
    readonly names: readonly string[];
    readonly value?: unknown;
    readonly inputNodeIds: readonly string[];
    readonly outcome?: { readonly execId: string };
  }[];
}

describe('dml dag list', () => {
  it('lists the dags of the current head with their ids [DML-CLI-0806]', async () => {
    const dags = await repository.json<{ dag: string; dagId: string }[]>('dag', 'list');
    expect(dags.map(({ dag }) => dag)).toEqual(['raw', 'report', 'sums', 'values']);
    expect(dags).toContainEqual({ dag: 'sums', dagId: sums.dagId });
    expect(await repository.ok('dag', 'list')).toContain(`${sums.dagId.slice(0, 12)}  sums\n`);
  });
});

describe('dml cat', () => {
  it('prints the JSON form of a datum and the raw bytes of a blob or of bytes [DML-CLI-0807]', async () => {
    expect(JSON.parse(await repository.ok('cat', 'values'))).toEqual({
      nothing: null,
      yes: true,
      whole: 3,
      large: { '/': { i64: '4611686018427387904' } },
      float: 3,
      odd: { '/': { f64: 'nan' } },
      bytes: { '/': { bytes: 'AAH/' } },
      text: 'a\u001b[31mb\u009bc',
      list: [1, 'two'],
      set: { '/': { set: [1] } },
      file: { '/': { blob: { sizeBytes: 14, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } } },
    });
    expect(await repository.ok('cat', 'values')).toContain('"float": 3.0');
    expect([...(await repository.dml(['cat', 'raw#bytes'])).bytes]).toEqual([0, 255, 10]);
    expect([...(await repository.dml(['cat', 'raw#blob'])).bytes]).toEqual([1, 0, 254]);
    expect(await repository.json('cat', 'raw#blob')).toMatchObject({ '/': { blob: { sizeBytes: 3 } } });
  });

  it('refuses what does not stand for one value', async () => {
    expect(await repository.refusal(3, ['cat', 'main'])).toBe(
      'dml: "main" (commit of 4 dags) does not stand for one value\n' +
        'hint: name a dag, a node or a datum, for example: main:raw, main:report, main:sums, main:values\n',
    );
  });
});

describe('what repository and program are', () => {
  it('lists the heads with their commits and marks the current one [DML-CLI-0811]', async () => {
    await repository.ok('branch', 'older', 'main~1');
    const head = await repository.json<{ commitId: string }>('ref', 'main');
    const older = await repository.json<{ commitId: string }>('ref', 'older');
    const heads = await repository.json<{ branch: string; current: boolean }[]>('branch');
    expect(heads.filter(({ current }) => current)).toEqual([
      { branch: 'main', commitId: head.commitId, current: true },
    ]);
    expect(heads).toContainEqual({ branch: 'older', commitId: older.commitId, current: false });
    const lines = (await repository.ok('branch')).trimEnd().split('\n');
    expect(lines).toHaveLength(heads.length);
    expect(lines).toContain(`*  ${head.commitId.slice(0, 12)}  main`);
    expect(lines).toContain(`   ${older.commitId.slice(0, 12)}  older`);
  });
});

describe('a command without what it lists otherwise', () => {
  it('lists dags and work in progress [DML-CLI-0832]', async () => {
    for (const [alone, list] of [
      [['dag'], ['dag', 'list']],
      [['wip'], ['wip', 'list']],
    ] as const) {
      const same = { ...(await repository.dml(list)), exitCode: 0 };
      expect(await repository.dml(alone)).toEqual(same);
      expect(await repository.json(...alone)).toEqual(await repository.json(...list));
      expect(await repository.dml(['--json', ...alone])).toEqual(await repository.dml([...list, '--json']));
    }
    expect(await repository.ok('branch')).toContain('main\n');
    expect(await repository.ok('dag')).toContain('sums\n');
  });

  it('lists every ref [DML-CLI-0833]', async () => {
    const refs = await repository.json<{ ref: string; commitId: string }[]>('ref');
    expect(refs.map(({ ref }) => ref)).toEqual(
      (await repository.refState()).refs.map((ref) => (ref as { name: string }).name),
    );
    const main = refs.find(({ ref }) => ref === 'refs/heads/main');
    expect(await repository.ok('ref', 'main')).toBe(`${main?.commitId}\n`);
    expect(await repository.ok('ref')).toContain(`${main?.commitId.slice(0, 12)}  refs/heads/main\n`);
  });

  it('prints the commit that a ref points to [DML-CLI-0812]', async () => {
    const { commitId } = await repository.json<{ commitId: string }>('status');
    expect(await repository.ok('ref', 'main')).toBe(`${commitId}\n`);
    expect(await repository.json('ref', 'refs/heads/main')).toMatchObject({
      ref: 'refs/heads/main',
      commitId,
    });
    expect((await repository.dml(['ref', 'nowhere'])).exitCode).toBe(3);
  });

  it('prints the schema version and what wrote the repository [DML-CLI-0813]', async () => {
    const createdBy = await repository.withStore((store) => store.getMeta('created_by'));
    expect(await repository.json('schema')).toEqual({ schema: SCHEMA_VERSION, createdBy });
    expect(await repository.ok('schema')).toBe(`schema      ${SCHEMA_VERSION}\ncreated by  ${createdBy}\n`);
  });

  it('prints the versions of dml, of the formats and of the engine [DML-CLI-0814]', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await repository.json('version')).toEqual({
      dml: version,
      format: FORMAT_VERSION,
      schema: SCHEMA_VERSION,
      engine: ENGINE_VERSION,
      node: process.version,
    });
    expect(encodeRecord({ type: 'datum', kind: 'null' })[1]).toBe(FORMAT_VERSION);
    expect(await repository.ok('version')).toContain(`dml     ${version}\n`);
  });
});
