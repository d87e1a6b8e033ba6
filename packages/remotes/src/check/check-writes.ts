import type { SwapAnswer } from '../files/remote-files.ts';
import type { CheckRun, PartResult } from './check-run.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Files that are written and read back. */
const FILES = 5;

/** Returns bytes that no other write of a check has. */
export function uniqueBytes(run: CheckRun, fields: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return encoder.encode(`${JSON.stringify({ ...fields, write: run.remote.surroundings.randomUuid() })}\n`);
}

/** Returns the content of a mutable file as text; undefined when it is absent. */
export async function readCheckFile(
  run: CheckRun,
  path: string,
): Promise<{ readonly text: string; readonly version: string } | undefined> {
  const found = await run.files.readVersion(path);
  if (found === undefined || found === 'unchanged') return undefined;
  return { text: decoder.decode(found.bytes), version: found.version };
}

const isSame = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && Buffer.compare(one, other) === 0;

/** Swaps one after the other with a right and with wrong conditions. */
export async function checkConditions(run: CheckRun): Promise<PartResult> {
  const [path, absent] = [run.newPath('json'), run.newPath('json')];
  const swap = (at: string, expected: string | null): Promise<SwapAnswer> =>
    run.files.swap(at, expected, uniqueBytes(run));
  const notProven = {
    result: 'not-proven',
    finding: 'conditional writes were not applied or answered',
  } as const;
  const first = await swap(path, null);
  if (first.outcome !== 'applied') return { ...notProven, facts: {} };
  const again = await swap(path, null);
  const second = await swap(path, first.version);
  const wrong = [again, await swap(path, first.version), await swap(absent, first.version)];
  const accepted = wrong.filter(({ outcome }) => outcome === 'applied').length;
  const facts = { wrongWrites: wrong.length, acceptedWrongWrites: accepted };
  if (accepted > 0)
    return {
      result: 'failed',
      finding: `it ignores conditions: ${accepted} of ${wrong.length} writes that it had to refuse were applied`,
      facts,
    };
  if (second.outcome !== 'applied' || wrong.some(({ outcome }) => outcome !== 'refused'))
    return { ...notProven, facts };
  return { result: 'passed', finding: 'conditional writes are applied and refused as they should be', facts };
}

/** Reads files before and after they are written: what was absent a moment ago has to be there. */
export async function checkReadBack(run: CheckRun): Promise<PartResult> {
  const { files } = run;
  let [reads, wrong] = [0, 0];
  const count = (isRight: boolean): void => {
    reads += 1;
    if (!isRight) wrong += 1;
  };
  for (let file = 0; file < FILES; file += 1) {
    const [path, bytes] = [run.newPath('bin'), uniqueBytes(run)];
    count((await files.read(path)) === undefined);
    await files.put(path, bytes);
    count(isSame(await files.read(path), bytes));
    count(isSame(await files.read(path, { offset: 2, length: 7 }), bytes.subarray(2, 9)));
  }
  const path = run.newPath('json');
  count((await readCheckFile(run, path)) === undefined);
  let version: string | null = null;
  for (let round = 0; round < FILES; round += 1) {
    const bytes = uniqueBytes(run);
    const answer: SwapAnswer = await files.swap(path, version, bytes);
    if (answer.outcome !== 'applied')
      return {
        result: 'not-proven',
        finding: 'a write without a rival was not applied',
        facts: { reads, wrong },
      };
    const found = await files.readVersion(path, version ?? undefined);
    version = answer.version;
    count(typeof found === 'object' && isSame(found.bytes, bytes) && found.version === version);
    count((await files.readVersion(path, version)) === 'unchanged');
  }
  const facts = { reads, wrongReads: wrong };
  return wrong === 0
    ? { result: 'passed', finding: 'what is written is read back at once', facts }
    : { result: 'failed', finding: `${wrong} of ${reads} reads did not show what was just written`, facts };
}

/** Lists files as soon as they are written. */
export async function checkListBack(run: CheckRun): Promise<PartResult> {
  const { files } = run;
  let late = 0;
  for (let file = 0; file < FILES; file += 1) {
    const [path, bytes] = [run.newPath('bin'), uniqueBytes(run)];
    const mutable = run.newPath('json');
    await files.put(path, bytes);
    await files.swap(mutable, null, bytes);
    const sizes = new Map<string, number>();
    for await (const listed of files.list('check/')) sizes.set(listed.path, listed.sizeBytes);
    for (const written of [path, mutable]) if (sizes.get(written) !== bytes.length) late += 1;
  }
  const facts = { files: 2 * FILES, lateFiles: late };
  return late === 0
    ? { result: 'passed', finding: 'what is written is listed at once', facts }
    : {
        result: 'failed',
        finding: `${late} of ${2 * FILES} files were not listed as soon as they were written`,
        facts,
      };
}
