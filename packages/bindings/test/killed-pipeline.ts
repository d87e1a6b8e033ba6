import { functions, type Pipeline } from '@daggerml/capture';
import { type BlobHandle, blob } from '@daggerml/values';
import type { Dag } from '../src/dag.ts';
import { definePipeline } from '../src/pipeline.ts';

/** Functions that make blobs of their own, read them and take a while. */
export const blobSteps = `
import { blob, type BlobHandle } from '@daggerml/bindings';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
export const make = async (_round: number, index: number) => {
  await setTimeout(3 * index);
  return { index, data: blob((async function* () { for (let i = 0; i < 20; i += 1) yield randomBytes(20_000 * index + 7); })()) };
};
export const measure = async ({ data }: { data: BlobHandle }) => (await data.bytes()).length;
export const total = (...sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0);
`;

interface BlobSteps {
  make(round: number, index: number): Promise<{ index: number; data: BlobHandle }>;
  measure(made: { index: number; data: BlobHandle }): Promise<number>;
  total(...sizes: number[]): number;
}

const PARTS = 8;

/** Calls of the pipeline of one round. */
export const CALLS: number = 2 * PARTS + 1;

/** Returns the pipeline of one round, whose calls no other round has. */
export function killedPipeline(round: number, stepsUrl: string): Pipeline<Dag> {
  const steps = functions<BlobSteps>(stepsUrl);
  return definePipeline('killed', (dag: Dag) => {
    const made = Array.from({ length: PARTS }, (_, index) => dag.call(steps.make, round, index));
    const sizes = made.map((part) => dag.call(steps.measure, part));
    const total = dag.call(steps.total, ...sizes);
    return { total, made, text: blob(`round ${round} `.repeat(20_000)) };
  });
}
