import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatumId, NodeId } from '@daggerml/object-model';
import { liftDatum } from '@daggerml/values';
import { describe, expect, it } from 'vitest';
import { ScriptWorld } from '../../test/script-world.ts';
import { writeShellAdapter } from '../../test/shell-adapter.ts';
import { type TestRun, Workspace } from '../../test/workspace.ts';
import { maskedContext } from '../adapters/masked-context.ts';
import type { AdapterContext, AdapterReport } from '../adapters/port.ts';
import type { RunNode } from '../run/run-node.ts';

const SECRET = 'tok-4711-\u00fc';
const env = { API_TOKEN: SECRET, REGION: 'eu-central-1' };

const STEPS = `
export const print = async (_: number) => {
  const token = process.env.API_TOKEN as string;
  process.stdout.write('token ' + token.slice(0, 3));
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.stdout.write(token.slice(3) + ' of ' + process.env.REGION);
  process.stderr.write(Buffer.from(token).subarray(0, -1));
  return token.length;
};
export const fail = (_: number) => {
  const error = new Error('refused: ' + process.env.API_TOKEN, { cause: new Error('inner ' + process.env.API_TOKEN) });
  throw error;
};
`;

async function logOf(run: TestRun, node: RunNode): Promise<string> {
  const { log } = liftDatum(run.open.objects, run.exec(node).receiptDatumId as DatumId) as {
    log: { content: { bytes(): Promise<Uint8Array> } };
  };
  return Buffer.from(await log.content.bytes()).toString('latin1');
}

/** Checks whether a file of the store has a text. */
function isStored(folder: string, text: string): boolean {
  return readdirSync(join(folder, 'store')).some((name) =>
    readFileSync(join(folder, 'store', name)).includes(text),
  );
}

describe('a secret', () => {
  it('is in no log and no event of a function that prints it [DML-EXE-3727]', async () => {
    const workspace = await Workspace.create(STEPS, { env });
    const run = workspace.begin();
    const node = run.call('print', [1]);
    expect(await run.outcome(node)).toBe(SECRET.length);
    const printed = Buffer.from(SECRET).subarray(0, -1).toString('latin1');
    expect(await logOf(run, node)).toBe(`token *** of eu-central-1${printed}`);
    const texts = workspace.events.flatMap((event) => (event.type === 'call-output' ? [event.text] : []));
    expect(texts.join('')).toContain('token *** of eu-central-1');
    expect(JSON.stringify(workspace.events)).not.toContain(SECRET);
    expect(isStored(workspace.folder, 'eu-central-1')).toBe(true);
    expect(isStored(workspace.folder, SECRET)).toBe(false);
    await workspace.close();
  });

  it('is in no code, message and trace of a failure [DML-EXE-3728]', async () => {
    const workspace = await Workspace.create(STEPS, { env });
    const run = workspace.begin();
    const node = run.call('fail', [1]);
    const failure = await run.outcome(node);
    expect(failure).toMatchObject({
      code: 'function_threw',
      message: 'Error: refused: ***; caused by: Error: inner ***',
    });
    expect(JSON.stringify([failure, workspace.events])).not.toContain(SECRET);
    expect(isStored(workspace.folder, 'refused: ***')).toBe(true);
    expect(isStored(workspace.folder, SECRET)).toBe(false);
    await workspace.close();
  });

  it('is in no trace and in no reason of an attempt without an outcome [DML-EXE-3728]', () => {
    const reports: AdapterReport[] = [];
    const objects = {} as AdapterContext['objects'];
    const { report } = maskedContext({ objects, report: (some) => reports.push(...some) }, env);
    const nodeId = 'a'.repeat(64) as NodeId;
    const failure = { code: 'x', message: `m ${SECRET}`, trace: [`at ${SECRET}`, 'at b'] };
    const failed = { type: 'failed', isRetryable: true, code: 'x', reason: `r ${SECRET}` } as const;
    report([
      { type: 'answered', nodeId, answer: { type: 'done', outcome: 'error', failure } },
      { type: 'answered', nodeId, answer: failed },
    ]);
    expect(reports).toEqual([
      {
        type: 'answered',
        nodeId,
        answer: {
          type: 'done',
          outcome: 'error',
          failure: { code: 'x', message: 'm ***', trace: ['at ***', 'at b'] },
        },
      },
      { type: 'answered', nodeId, answer: { ...failed, reason: 'r ***' } },
    ]);
    // Without a secret nothing stands in between.
    const context = { objects, report };
    expect(maskedContext(context, { REGION: 'north' })).toBe(context);
  });

  it('of an attempt that is made again does not go on in the next one [DML-EXE-3727]', () => {
    const texts: string[] = [];
    const { report } = maskedContext(
      {
        objects: {} as AdapterContext['objects'],
        report: (some) => texts.push(...some.map((each) => (each.type === 'output' ? each.text : each.type))),
      },
      env,
    );
    const nodeId = 'a'.repeat(64) as NodeId;
    report([
      { type: 'output', nodeId, stream: 'stdout', text: 'tok-' },
      { type: 'begun-again', nodeId },
      { type: 'output', nodeId, stream: 'stdout', text: 'tok-' },
      { type: 'output', nodeId, stream: 'stderr', text: 'b' },
      {
        type: 'answered',
        nodeId,
        answer: { type: 'done', outcome: 'ok', datumId: 'b'.repeat(64) as DatumId },
      },
    ]);
    expect(texts).toEqual(['begun-again', 'b', 'tok-', 'answered']);
  });

  it('is replaced for scripts too [DML-EXE-3727] [DML-EXE-3728]', async () => {
    const world = await ScriptWorld.create({ env });
    const command = 'printf "%s" "a $API_TOKEN of $REGION" >&2; exit 3';
    const node = world.call({ command });
    expect(await world.run.outcome(node)).toMatchObject({
      code: 'script_failed',
      message: expect.stringMatching(/:\na \*\*\* of eu-central-1$/),
    });
    expect(await logOf(world.run, node)).toBe('a *** of eu-central-1');
  });

  it('is replaced in what an adapter prints that is an executable [DML-EXE-3727] [DML-EXE-3728]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dml-secret-adapter-'));
    writeShellAdapter(folder, 'dml-talks', {
      submit: `printf '{"id":%s,"status":"output","stream":"stdout","text":"a %s of %s"}\\n' "$id" "$API_TOKEN" "$REGION"
        printf '{"id":%s,"status":"done","outcome":"error","error":{"message":"no %s"}}\\n' "$id" "$API_TOKEN"`,
    });
    const environment = { PATH: '/usr/bin:/bin', ...env };
    const workspace = await Workspace.create('', { executables: { searchPath: folder, environment } });
    const run = workspace.begin();
    const node = run.askUri('dml+exec://dml-talks/f', []);
    expect(await run.outcome(node)).toMatchObject({ message: 'no ***' });
    expect(await logOf(run, node)).toBe('a *** of eu-central-1');
    expect(isStored(workspace.folder, SECRET)).toBe(false);
    await workspace.close();
    rmSync(folder, { recursive: true });
  });

  it('is replaced for functions in processes [DML-EXE-3727] [DML-EXE-3728]', async () => {
    const workspace = await Workspace.create(STEPS, { env, isIsolated: true });
    const run = workspace.begin();
    const [prints, fails] = [run.call('print', [1]), run.call('fail', [1])];
    expect(await run.outcome(fails)).toMatchObject({
      message: 'Error: refused: ***; caused by: Error: inner ***',
    });
    expect(await run.outcome(prints)).toBe(SECRET.length);
    expect(await logOf(run, prints)).toContain('token *** of eu-central-1');
    expect(isStored(workspace.folder, SECRET)).toBe(false);
    await workspace.close();
  });
});
