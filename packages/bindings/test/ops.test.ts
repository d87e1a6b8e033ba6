import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { functions } from '@daggerml/capture';
import type { OpReport } from '@daggerml/execution';
import { describe, expect, it } from 'vitest';
import { defineOp, defineOps, loadOps, type OpContext, type OpsPipeline } from '../src/define-ops.ts';
import { compileCases } from './compile-cases.ts';
import { coded, Project } from './project.ts';

/** A target that says what its functions do, and where they write it down. */
interface Host {
  readonly id: string;
  readonly folder: string;
  readonly validate?: string;
  readonly execute?: string;
  readonly postCheck?: string;
}

interface OpSteps {
  validate(host: Host, context: OpContext): Promise<boolean | string>;
  execute(host: Host, context: OpContext): Promise<null>;
  postCheck(host: Host, context: OpContext): Promise<boolean | string>;
}

const source = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const log = (host, text) => appendFileSync(host.folder + '/log', text + '\\n');
const lines = (host) => readFileSync(host.folder + '/log', 'utf8').split('\\n');
async function act(phase, host, context) {
  log(host, context.op + '.' + phase + '.' + context.attempt + ' ' + host.id);
  const [what, until] = (host[phase] ?? '').split(' ');
  if (what === 'throw') throw new Error('refused by ' + host.id);
  if (what === 'hang') await setTimeout(1e9);
  if (what === 'nothing') return undefined;
  if (what === 'exit') process.exit(3);
  if (what === 'once' && context.attempt === 1) throw new Error('the first time');
  while (what === 'wait' && !existsSync(host.folder + '/' + until)) await setTimeout(5);
  // Of executions in a row two wait for each other.
  const executions = () => lines(host).filter((line) => line.includes('.execute.'));
  const place = executions().findIndex((line) => line.endsWith(' ' + host.id));
  while (what === 'together' && executions().length < place - (place % 2) + 2) await setTimeout(5);
  if (what === 'false') return false;
  return phase === 'execute' ? null : true;
}
export const validate = (host, context) => act('validate', host, context);
export const execute = (host, context) => act('execute', host, context);
export const postCheck = (host, context) => act('postCheck', host, context);
`;

/** A project with ops that write down what they do. */
class OpsProject {
  readonly project: Project;
  readonly steps;

  constructor(project: Project) {
    this.project = project;
    const file = project.write('op-steps.ts', source);
    this.steps = functions<OpSteps>(pathToFileURL(file));
  }

  static async create(): Promise<OpsProject> {
    return new OpsProject(await Project.create());
  }

  get ops(): Project['repository']['ops'] {
    return this.project.repository.ops;
  }

  /** Returns two ops, the first of which has all phases. */
  rollout(): OpsPipeline<Host> {
    const deploy = defineOp({ name: 'deploy', ...pick(this.steps) });
    const notify = defineOp({ name: 'notify', execute: this.steps.execute });
    return defineOps('rollout', [deploy, notify]);
  }

  host(id: string, phases: Partial<Host> = {}): Host {
    return { id, folder: this.project.folder, ...phases };
  }

  /** The phases that ran, sorted, without the number of a first execution. */
  get log(): string[] {
    const path = join(this.project.folder, 'log');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace('.1 ', ' '))
      .sort();
  }

  get indexes(): number {
    return this.project.repository.store.readRefs('index').length;
  }
}

function pick({
  validate,
  execute,
  postCheck,
}: OpsProject['steps']): Pick<OpsProject['steps'], keyof OpSteps> {
  return { validate, execute, postCheck };
}

function statesOf({ targets }: OpReport): Record<string, string> {
  return Object.fromEntries(Array.from(targets, ([id, { state }]) => [id, state]));
}

describe('a run of ops', () => {
  it('brings every target as far as it goes [DML-EXE-1904] [DML-EXE-1905]', async () => {
    const it = await OpsProject.create();
    const targets = [
      it.host('a', { validate: 'false' }),
      it.host('b', { execute: 'throw' }),
      it.host('c', { postCheck: 'false' }),
      it.host('d'),
      it.host('e'),
    ];
    const report = await it.ops.run(it.rollout(), { targets, parallel: 2 });
    expect(report.outcome).toBe('PARTIAL');
    expect(Object.fromEntries(report.targets)).toEqual({
      a: { state: 'FAILED', op: 'deploy', phase: 'validate', attempt: 1, reason: 'it returned false' },
      b: { state: 'FAILED', op: 'deploy', phase: 'execute', attempt: 1, reason: 'Error: refused by b' },
      c: {
        state: 'FAILED',
        op: 'deploy',
        phase: 'postCheck',
        attempt: 1,
        reason: 'it returned false',
        doubtful: true,
      },
      d: { state: 'OK' },
      e: { state: 'OK' },
    });
    expect(it.log).toEqual([
      'deploy.execute b',
      'deploy.execute c',
      'deploy.execute d',
      'deploy.execute e',
      'deploy.postCheck c',
      'deploy.postCheck d',
      'deploy.postCheck e',
      'deploy.validate a',
      'deploy.validate b',
      'deploy.validate c',
      'deploy.validate d',
      'deploy.validate e',
      'notify.execute d',
      'notify.execute e',
    ]);
    const complete = await it.ops.run(it.rollout(), { targets: [it.host('d')] });
    expect(complete.outcome).toBe('COMPLETE');
    const failed = await it.ops.run(it.rollout(), { targets: [it.host('a', { validate: 'throw' })] });
    expect(failed.outcome).toBe('FAILED');
  });

  it('is committed as a dag, and its journal ends [DML-EXE-3715]', async () => {
    const it = await OpsProject.create();
    const { repository } = it.project;
    const targets = [it.host('a', { execute: 'throw' }), it.host('b')];
    const report = await it.ops.run(it.rollout(), { targets });
    expect(repository.head.commitId).toBe(report.commitId);
    expect(repository.getCommit('main').message).toBe('op run rollout: PARTIAL');
    expect(await repository.read('rollout')).toEqual({
      run: report.run,
      outcome: 'PARTIAL',
      ops: ['deploy', 'notify'],
      targets: Object.fromEntries(report.targets),
    });
    expect(await repository.read('rollout#deploy.postCheck b')).toBe(true);
    expect(await repository.read('rollout#notify.execute b')).toBe(null);
    await expect(repository.read('rollout#deploy.execute a')).rejects.toThrow(/refused by a/);
    expect(() => repository.find('rollout#notify.execute a')).toThrow(coded('unknown_name') as never);
    expect(it.indexes).toBe(0);
    expect(await it.project.findings()).toEqual([]);
    expect(await it.ops.status('rollout')).toEqual({ ...report, isActive: false });
  });

  it('makes every phase a call under the IndexRef of the run [DML-EXE-1908] [DML-EXE-3720]', async () => {
    const it = await OpsProject.create();
    const targets = [it.host('a'), it.host('b', { execute: 'wait go' }), it.host('c')];
    let seen: OpReport | undefined;
    const report = await it.ops.run(it.rollout(), {
      targets,
      parallel: 1,
      onEvent: (event) => {
        if (event.type !== 'phase-started' || event.phase !== 'execute' || event.target !== 'b' || seen)
          return;
        void it.ops.unfinished().then(([found]) => {
          seen = found;
          it.project.write('go', '');
        });
      },
    });
    expect(seen).toMatchObject({
      run: report.run,
      name: 'rollout',
      ops: ['deploy', 'notify'],
      isActive: true,
    });
    expect(seen?.outcome).toBeUndefined();
    // From names and pins of the IndexRef: nothing else was there to be read.
    expect(Object.fromEntries(seen?.targets ?? [])).toEqual({
      a: { state: 'OK' },
      b: { state: 'RUNNING', op: 'deploy', phase: 'execute', attempt: 1 },
      c: { state: 'PENDING', op: 'deploy', phase: 'validate', attempt: 1 },
    });
    expect(report.outcome).toBe('COMPLETE');
  });

  it('is never answered by another run [DML-EXE-3714]', async () => {
    const it = await OpsProject.create();
    const targets = [it.host('a')];
    for (let run = 0; run < 2; run += 1)
      expect((await it.ops.run(it.rollout(), { targets })).outcome).toBe('COMPLETE');
    expect(it.log).toEqual([
      'deploy.execute a',
      'deploy.execute a',
      'deploy.postCheck a',
      'deploy.postCheck a',
      'deploy.validate a',
      'deploy.validate a',
      'notify.execute a',
      'notify.execute a',
    ]);
  });

  it('works on so many targets at one time and no more [DML-EXE-3713]', async () => {
    const it = await OpsProject.create();
    const targets = Array.from({ length: 6 }, (_, at) => it.host(`t${at}`, { execute: 'together' }));
    const open = new Set<string>();
    let most = 0;
    const deploy = defineOp({ name: 'deploy', execute: it.steps.execute });
    const report = await it.ops.run(defineOps('pairs', [deploy]), {
      targets,
      parallel: 2,
      onEvent: (event) => {
        if (event.type === 'phase-started') open.add(event.target);
        most = Math.max(most, open.size);
        if (event.type === 'target-finished') open.delete(event.target);
      },
    });
    expect([report.outcome, most]).toEqual(['COMPLETE', 2]);
  });

  it.each([
    ['hang', 'timeout'],
    ['nothing', 'unsupported_value'],
    ['exit', 'function_exited'],
  ])(
    'takes an execution that ends by "%s" for one without an outcome [DML-EXE-3709] [DML-EXE-3708]',
    async (execute, code) => {
      const it = await OpsProject.create();
      const targets = [it.host('yes', { execute }), it.host('no', { execute, postCheck: 'false' })];
      const deploy = defineOp({ name: 'deploy', ...pick(it.steps), timeoutMs: { execute: 1500 } });
      const report = await it.ops.run(defineOps('one', [deploy]), { targets });
      expect(report.targets.get('yes')).toEqual({ state: 'OK' });
      expect(report.targets.get('no')).toMatchObject({
        state: 'FAILED',
        op: 'deploy',
        phase: 'execute',
        reason: expect.stringMatching(`^${code}.*; its post-check: it returned false$`),
        doubtful: true,
      });
      expect(it.log.filter((line) => line.startsWith('deploy.execute'))).toEqual([
        'deploy.execute no',
        'deploy.execute yes',
      ]);
    },
  );

  it('executes a retryable op again [DML-EXE-3703]', async () => {
    const it = await OpsProject.create();
    const pipeline = defineOps('again', [
      defineOp({ name: 'deploy', execute: it.steps.execute, retryable: true, retries: 1 }),
    ]);
    const targets = [it.host('a', { execute: 'once' }), it.host('b', { execute: 'throw' })];
    const report = await it.ops.run(pipeline, { targets });
    expect(report.targets.get('a')).toEqual({ state: 'OK' });
    expect(report.targets.get('b')).toMatchObject({
      state: 'FAILED',
      attempt: 2,
      reason: 'Error: refused by b',
    });
    expect(it.log).toEqual([
      'deploy.execute a',
      'deploy.execute b',
      'deploy.execute.2 a',
      'deploy.execute.2 b',
    ]);
  });

  it('leaves nothing behind when it is dry [DML-EXE-1912]', async () => {
    const it = await OpsProject.create();
    const targets = [it.host('a'), it.host('b', { validate: 'false' })];
    const report = await it.ops.run(it.rollout(), { targets, dryRun: true });
    expect(report).toMatchObject({ outcome: 'PARTIAL', isDry: true });
    expect(statesOf(report)).toEqual({ a: 'OK', b: 'FAILED' });
    expect(it.log).toEqual(['deploy.validate a', 'deploy.validate b']);
    expect([it.indexes, it.project.repository.head.commitId]).toEqual([0, undefined]);
  });

  it.each([
    [[], /there are no targets/],
    [['a', 'a'], /have the same id "a"/],
    [['a\nb'], /not "a\\nb"/],
  ])('is refused for targets that cannot be [DML-EXE-3701]', async (ids, reason) => {
    const it = await OpsProject.create();
    await expect(it.ops.run(it.rollout(), { targets: ids.map((id) => it.host(id)) })).rejects.toThrow(reason);
    expect([it.indexes, it.log]).toEqual([0, []]);
  });
});

describe('a run of ops that has not ended', () => {
  /** Interrupts a run while the first execution of a target runs. */
  async function interrupted(it: OpsProject, targets: readonly Host[], at: string): Promise<void> {
    const stop = new AbortController();
    const run = it.ops.run(it.rollout(), {
      targets,
      parallel: 1,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'phase-started' && event.phase === 'execute' && event.target === at) stop.abort();
      },
    });
    await expect(run).rejects.toEqual(coded('cancelled'));
  }

  it('goes on where it was, with the code and the targets that it began with [DML-EXE-3718] [DML-EXE-1909]', async () => {
    const it = await OpsProject.create();
    await interrupted(it, [it.host('a'), it.host('b'), it.host('c')], 'b');
    const before = [
      'deploy.execute a',
      'deploy.execute b',
      'deploy.postCheck a',
      'deploy.validate a',
      'deploy.validate b',
      'notify.execute a',
    ];
    expect(it.log).toEqual(before);
    it.project.write('op-steps.ts', 'export const execute = () => { throw new Error("changed"); };');
    await it.project.reopen();
    rmSync(join(it.project.folder, 'op-steps.ts'));
    expect(statesOf(await it.ops.status('rollout'))).toEqual({ a: 'OK', b: 'PENDING', c: 'PENDING' });
    const report = await it.ops.resume('rollout');
    expect([report.outcome, statesOf(report)]).toEqual(['COMPLETE', { a: 'OK', b: 'OK', c: 'OK' }]);
    expect(it.log).toEqual(
      [
        ...before,
        'deploy.execute c',
        'deploy.postCheck b',
        'deploy.postCheck c',
        'deploy.validate c',
        'notify.execute b',
        'notify.execute c',
      ].sort(),
    );
    await expect(it.ops.resume('rollout')).rejects.toEqual(coded('unknown_op_run'));
  });

  it('is in the way of another of its name [DML-EXE-3716]', async () => {
    const it = await OpsProject.create();
    await interrupted(it, [it.host('a'), it.host('b')], 'a');
    const [{ run = '' } = {}] = await it.ops.unfinished();
    const again = it.ops.run(it.rollout(), { targets: [it.host('a')] });
    await expect(again).rejects.toMatchObject({
      code: 'op_run_unfinished',
      fields: { name: 'rollout', runId: run },
    });
    expect((await it.ops.resume(run.slice(0, 8))).outcome).toBe('COMPLETE');
  });

  it('is carried out by one [DML-EXE-3717]', async () => {
    const it = await OpsProject.create();
    const attempts: Promise<unknown>[] = [];
    const targets = [it.host('a', { execute: 'wait go' })];
    const report = await it.ops.run(it.rollout(), {
      targets,
      onEvent: (event) => {
        if (event.type !== 'phase-started' || event.phase !== 'execute' || attempts.length > 0) return;
        attempts.push(it.ops.resume('rollout').catch((error: unknown) => error));
        attempts.push(it.ops.run(it.rollout(), { targets }).catch((error: unknown) => error));
        void Promise.all(attempts).then(() => it.project.write('go', ''));
      },
    });
    expect(await Promise.all(attempts)).toEqual([coded('op_run_active'), coded('op_run_active')]);
    expect(report.outcome).toBe('COMPLETE');
    expect(it.log).toHaveLength(4);
  });

  it('ends for a process from which it was taken [DML-EXE-3712]', async () => {
    const it = await OpsProject.create();
    const { store } = it.project.repository;
    let other: Promise<OpReport> | undefined;
    const first = it.ops.run(it.rollout(), {
      targets: [it.host('a', { execute: 'wait go' }), it.host('b')],
      parallel: 1,
      onEvent: (event) => {
        if (event.type !== 'phase-started' || event.phase !== 'execute' || other) return;
        const [index] = store.readRefs('index');
        if (!index) return;
        store.updateRef({
          ref: index.name,
          expected: index.commitId,
          next: null,
          actor: 'tester',
          reason: 'prune',
        });
        const deploy = defineOp({ name: 'deploy', execute: it.steps.execute });
        other = it.ops.run(defineOps('rollout', [deploy]), {
          targets: [it.host('c', { execute: 'wait end' })],
          onEvent: () => void it.project.write('go', ''),
        });
      },
    });
    await expect(first).rejects.toEqual(coded('op_run_active'));
    it.project.write('end', '');
    expect((await other)?.outcome).toBe('COMPLETE');
    expect(it.log).toEqual(['deploy.execute a', 'deploy.execute c', 'deploy.validate a']);
  });

  it('can be cancelled: what runs comes to its end, nothing else begins [DML-EXE-1911]', async () => {
    const it = await OpsProject.create();
    const targets = [it.host('a'), it.host('b', { execute: 'wait go' }), it.host('c')];
    let asked: OpReport | undefined;
    const report = await it.ops.run(it.rollout(), {
      targets,
      parallel: 1,
      onEvent: (event) => {
        if (event.type !== 'phase-started' || event.phase !== 'execute' || event.target !== 'b') return;
        void it.ops.cancel('rollout').then((found) => {
          asked = found;
          it.project.write('go', '');
        });
      },
    });
    expect(asked?.isActive).toBe(true);
    expect(report.outcome).toBe('CANCELLED');
    expect(Object.fromEntries(report.targets)).toEqual({
      a: { state: 'OK' },
      b: { state: 'CANCELLED', op: 'deploy', phase: 'postCheck', attempt: 1, doubtful: true },
      c: { state: 'CANCELLED', op: 'deploy', phase: 'validate', attempt: 1 },
    });
    expect(it.log).toEqual([
      'deploy.execute a',
      'deploy.execute b',
      'deploy.postCheck a',
      'deploy.validate a',
      'deploy.validate b',
      'notify.execute a',
    ]);
    expect((await it.ops.status('rollout')).commitId).toBe(report.commitId);
  });

  it('is committed by who cancels it when nobody carries it out [DML-EXE-3719]', async () => {
    const it = await OpsProject.create();
    await interrupted(it, [it.host('a'), it.host('b'), it.host('c')], 'b');
    await it.project.reopen();
    const ran = it.log;
    const report = await it.ops.cancel('rollout');
    expect(report).toMatchObject({ outcome: 'CANCELLED', isActive: false });
    expect(statesOf(report)).toEqual({ a: 'OK', b: 'CANCELLED', c: 'CANCELLED' });
    expect(it.project.repository.head.commitId).toBe(report.commitId);
    expect([it.log, it.indexes, await it.project.findings()]).toEqual([ran, 0, []]);
    await expect(it.ops.cancel('rollout')).rejects.toEqual(coded('unknown_op_run'));
  });
});

describe('definitions of ops', () => {
  it('are found in a module by name or export [DML-BND-1801]', async () => {
    const { project } = await OpsProject.create();
    const module = `
      import { defineOp, defineOps, functions } from '@daggerml/bindings';
      const steps = functions(new URL('./op-steps.ts', import.meta.url));
      const deploy = defineOp({ name: 'deploy', execute: steps.execute });
      export const first = defineOps('roll-out', [deploy], { targets: ['a'], parallel: 3 });
      export const same = first;
      export const other = 7;`;
    const one = project.write('one.ts', module);
    expect(await loadOps(one)).toMatchObject({ name: 'roll-out', targets: ['a'], parallel: 3 });
    const two = project.write('two.ts', `${module} export const second = defineOps('undo', [deploy]);`);
    expect((await loadOps(two, 'second')).name).toBe('undo');
    expect((await loadOps(two, 'undo')).name).toBe('undo');
    expect((await loadOps(two, 'same')).name).toBe('roll-out');
    await expect(loadOps(two)).rejects.toMatchObject({
      code: 'ambiguous_pipeline',
      fields: { pipelines: ['roll-out', 'undo'] },
    });
    await expect(loadOps(two, 'nope')).rejects.toMatchObject({
      code: 'not_a_pipeline',
      fields: { wanted: 'nope', pipelines: ['roll-out', 'undo'] },
    });
    const none = project.write('none.ts', 'export const rollout = 1;');
    await expect(loadOps(none)).rejects.toMatchObject({
      code: 'not_a_pipeline',
      detail: undefined,
      fields: { exports: ['rollout'] },
    });
    const calls = `import { definePipeline } from '@daggerml/bindings';
      export const sales = definePipeline('sales', () => 1);`;
    await expect(loadOps(project.write('calls.ts', calls))).rejects.toMatchObject({
      code: 'not_a_pipeline',
      detail: 'calls',
    });
  });

  it('take the targets of the run, or else of the pipeline, found when it begins [DML-BND-1802]', async () => {
    const it = await OpsProject.create();
    const deploy = defineOp({ name: 'deploy', execute: it.steps.execute });
    let asked = 0;
    const pipeline = defineOps('found', [deploy], {
      targets: async () => {
        asked += 1;
        return [it.host('own')];
      },
    });
    expect(asked).toBe(0);
    expect(statesOf(await it.ops.run(pipeline))).toEqual({ own: 'OK' });
    expect(statesOf(await it.ops.run(pipeline, { targets: [it.host('given')] }))).toEqual({ given: 'OK' });
    expect(asked).toBe(1);
    await expect(it.ops.run(defineOps('none', [deploy]))).rejects.toThrow(/there are no targets/);
  });

  it.each([
    [new Error('no inventory'), 'no inventory'],
    ['nothing there', "'nothing there'"],
  ])(
    'report targets that cannot be found as a failure of the pipeline (%#) [DML-BND-1803]',
    async (thrown, reason) => {
      const it = await OpsProject.create();
      const deploy = defineOp({ name: 'deploy', execute: it.steps.execute });
      const targets = (): Host[] => {
        throw thrown;
      };
      const run = it.ops.run(defineOps('lost', [deploy], { targets }));
      await expect(run).rejects.toMatchObject({ code: 'pipeline_threw', fields: { reason } });
      expect([it.indexes, it.log]).toEqual([0, []]);
    },
  );

  it('have types that fit their targets [DML-BND-1800]', () => {
    const prelude = `
      import { defineOp, defineOps, functions, type OpContext, type Repository } from '@daggerml/bindings';
      interface Steps {
        text(target: string): boolean;
        host(target: { id: string; port: number }, context: OpContext): Promise<null>;
        reason(target: { id: string }): string | boolean;
        count(target: string): number;
        nothing(target: string): void;
        later(target: string): Promise<void>;
        bare(target: { port: number }): null;
      }
      declare const steps: ReturnType<typeof functions<Steps>>;
      declare const repository: Repository;
      const text = defineOp({ name: 'text', execute: steps.text });
      const host = defineOp({ name: 'host', validate: steps.reason, execute: steps.host });`;
    const good = [
      `defineOps('a', [text], { targets: ['x'] });`,
      `defineOps('a', [host], { targets: () => [{ id: 'x', port: 1 }] });`,
      `void repository.ops.run(defineOps('a', [host]), { targets: [{ id: 'x', port: 1 }] });`,
      `defineOp({ name: 'a', execute: steps.text, timeoutMs: { execute: 5 }, retryable: true, retries: 1 });`,
    ];
    const bad = [
      `defineOps('a', [text], { targets: [{ id: 'x' }] });`,
      `defineOps('a', [host], { targets: [{ id: 'x' }] });`,
      `defineOps('a', [text, host], { targets: ['x'] });`,
      `void repository.ops.run(defineOps('a', [host]), { targets: ['x'] });`,
      `defineOp({ name: 'a', execute: steps.text, validate: steps.count });`,
      `defineOp({ name: 'a', execute: steps.nothing });`,
      `defineOp({ name: 'a', execute: steps.later });`,
      `defineOp({ name: 'a', execute: steps.bare });`,
      `defineOp({ name: 'a', execute: () => null });`,
      `defineOp({ name: 'a', validate: steps.text });`,
      `defineOp({ name: 'a', execute: steps.text, timeout: 5 });`,
    ];
    const found = compileCases(prelude, [...good, ...bad]);
    expect(found.slice(0, good.length)).toEqual(good.map(() => ''));
    expect(found.slice(good.length).map((text) => text !== '')).toEqual(bad.map(() => true));
  });
});
