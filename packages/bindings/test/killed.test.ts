import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { CallOutcome } from '@daggerml/execution';
import type { BlobHandle } from '@daggerml/values';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Child, type ChildEnd } from './child.ts';
import { blobSteps, CALLS, killedPipeline } from './killed-pipeline.ts';
import { Project } from './project.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

/** Of two rounds, one kills both runs; `DAGGERML_KILLED_ROUNDS` asks for more. */
const ROUNDS = Number(process.env.DAGGERML_KILLED_ROUNDS ?? (process.env.DML_TEST_ROUNDS === 'full' ? 4 : 2));
/** Multiples of it spread evenly, however many there are. */
const GOLDEN = 0.618034;

interface EndedCall {
  readonly nodeId: string;
  readonly outcome: CallOutcome;
}

let project: Project;
let stepsUrl: string;
beforeAll(async () => {
  project = await Project.create();
  stepsUrl = pathToFileURL(project.write('blob-steps.ts', blobSteps)).href;
});

/** Starts a process that runs the pipeline of a round, to its end or to that of the `last` of its calls. */
function start(round: number, last = 0): Promise<Child> {
  return Child.start('killed.child.ts', [project.folder, stepsUrl, `${round}`, `${last}`]);
}

const callsOf = ({ lines }: ChildEnd): EndedCall[] =>
  (lines as Partial<EndedCall>[]).filter((line): line is EndedCall => line.nodeId !== undefined);

/** Runs the pipeline of a round here; yields the calls by their outcome. */
async function rerun(round: number): Promise<Map<CallOutcome, Set<string>>> {
  const ended = new Map<CallOutcome, Set<string>>();
  const { dag } = await project.repository.run(killedPipeline(round, stepsUrl), {
    onEvent: (event) => {
      if (event.type !== 'call-finished') return;
      ended.set(event.outcome, (ended.get(event.outcome) ?? new Set()).add(event.nodeId));
    },
  });
  const value = (await dag.root.value()) as { total: number; made: { data: BlobHandle }[] };
  let total = 0;
  for (const { data } of value.made) {
    const bytes = await data.bytes();
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(data.sha256);
    total += bytes.length;
  }
  expect(value.total).toBe(total);
  return ended;
}

describe('two runs of one pipeline at once, one or both of which are killed', () => {
  it('lose no call that was complete, and the next run completes the rest [DML-EXE-1008]', async () => {
    const first = await start(0);
    const startedMs = performance.now();
    first.go();
    expect((await first.end()).exitCode).toBe(0);
    const wholeMs = performance.now() - startedMs;
    let points = 0;
    let killed = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      points += GOLDEN;
      // One of the two is still there to be killed, however late that is.
      const children = await Promise.all([start(round, 1 + Math.floor((points % 1) * CALLS)), start(round)]);
      for (const child of children) child.go();
      const ends = await Promise.all(
        children.map(async (child, index) => {
          if (index === 1 && round % 2 === 0) return child.end();
          points += GOLDEN;
          await setTimeout((points % 1) * wholeMs);
          return child.kill();
        }),
      );
      if (round % 2 === 0) expect([round, ends[1]?.exitCode]).toEqual([round, 0]);
      expect([round, await project.findings()]).toEqual([round, []]);
      const complete = new Set(ends.flatMap(callsOf).map(({ nodeId }) => nodeId));
      expect(
        ends.flatMap(callsOf).filter(({ outcome }) => !['executed', 'cached'].includes(outcome)),
      ).toEqual([]);
      const ended = await rerun(round);
      const cached = ended.get('cached') ?? new Set();
      expect([round, [...complete].filter((nodeId) => !cached.has(nodeId))]).toEqual([round, []]);
      expect(cached.size + (ended.get('executed')?.size ?? 0)).toBe(CALLS);
      expect([...(await rerun(round)).keys()]).toEqual(['cached']);
      killed += ends.filter(({ exitCode }) => exitCode === null).length;
    }
    expect(killed).toBeGreaterThanOrEqual(ROUNDS);
    expect(project.repository.store.readRefs('index')).toEqual([]);
    expect(await project.findings()).toEqual([]);
  }, 3_600_000);
});
