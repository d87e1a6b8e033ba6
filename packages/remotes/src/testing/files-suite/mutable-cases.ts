import assert from 'node:assert/strict';
import type { RemoteFiles, SwapAnswer } from '../../files/remote-files.ts';
import type { SuiteCase } from '../suite-case.ts';
import { checkPathOf, claimPath, execPath, resultPath } from './paths.ts';
import {
  assertRefused,
  filesCase,
  listAll,
  type RemoteFilesUnderTest,
  readMutableText,
  readPresent,
  swapAlone,
  utf8,
} from './under-test.ts';

const CURRENT = 'CURRENT.json';
const RACERS = 16;
const ROUNDS = 4;

/** Swaps until somebody has replaced the version that is expected. */
async function swapOnce(
  files: RemoteFiles,
  path: string,
  expected: string | null,
  text: string,
): Promise<SwapAnswer> {
  for (;;) {
    const answer = await files.swap(path, expected, utf8(text));
    if (answer.outcome === 'applied') return answer;
    const found = await files.readVersion(path, expected ?? undefined);
    // A remote may refuse all of those who came at once; then the version is there still.
    if (found !== (expected === null ? undefined : 'unchanged')) return answer;
  }
}

/** Races many swaps of one version; returns the version of the only one that was applied. */
async function raceOnce(
  writers: readonly RemoteFiles[],
  path: string,
  expected: string | null,
  round: number,
): Promise<string> {
  const texts = writers.map((_, index) => `writer ${index} of round ${round}`);
  const answers = await Promise.all(
    writers.map((writer, index) => swapOnce(writer, path, expected, texts[index] as string)),
  );
  const winners = answers.flatMap((answer, index) =>
    answer.outcome === 'applied' ? [{ text: texts[index], version: answer.version }] : [],
  );
  assert.equal(winners.length, 1, `${winners.length} of ${writers.length} swaps of one version were applied`);
  for (const writer of writers.slice(0, 4)) {
    const { bytes, version } = await readPresent(writer, path);
    assert.deepEqual({ text: Buffer.from(bytes).toString('utf8'), version }, winners[0]);
  }
  return winners[0]?.version as string;
}

/** Adds one to the number in a file, by as many attempts as it takes. */
async function increment(files: RemoteFiles, path: string, writeId: string): Promise<void> {
  for (;;) {
    const { bytes, version } = await readPresent(files, path);
    const { count } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { count: number };
    const text = JSON.stringify({ count: count + 1, writeId });
    const answer = await files.swap(path, version, utf8(text));
    if (answer.outcome === 'applied') return;
    assert.equal(answer.outcome, 'refused');
  }
}

/** Promises about mutable files. */
export const mutableCases: readonly SuiteCase<RemoteFilesUnderTest>[] = [
  filesCase('creates a mutable file once', async (files, probe) => {
    const other = await probe.another();
    assert.equal(await files.readVersion(CURRENT), undefined);
    const version = await swapAlone(files, CURRENT, null, 'first');
    assertRefused(await other.swap(CURRENT, null, utf8('second')));
    for (const connection of [files, other]) {
      const found = await readPresent(connection, CURRENT);
      assert.equal(Buffer.from(found.bytes).toString('utf8'), 'first');
      assert.equal(found.version, version);
    }
  }),
  filesCase('replaces the version that is in effect, and no other', async (files, probe) => {
    const other = await probe.another();
    const first = await swapAlone(files, CURRENT, null, 'first');
    const second = await swapAlone(other, CURRENT, first, 'second');
    assertRefused(await files.swap(CURRENT, first, utf8('third')));
    assert.equal(await readMutableText(files, CURRENT), 'second');
    const third = await swapAlone(files, CURRENT, second, 'third');
    assertRefused(await other.swap(CURRENT, first, utf8('fourth')));
    assertRefused(await other.swap(CURRENT, second, utf8('fourth')));
    assertRefused(await other.swap(CURRENT, null, utf8('fourth')));
    const found = await readPresent(other, CURRENT);
    assert.deepEqual([Buffer.from(found.bytes).toString('utf8'), found.version], ['third', third]);
  }),
  filesCase('refuses to replace a file that is absent, and leaves it so', async (files) => {
    const version = await swapAlone(files, claimPath(1), null, 'one');
    assertRefused(await files.swap(claimPath(2), version, utf8('two')));
    assertRefused(await files.swap(CURRENT, version, utf8('two')));
    assert.equal(await files.readVersion(claimPath(2)), undefined);
    assert.equal(await files.readVersion(CURRENT), undefined);
    assert.deepEqual(await listAll(files, ''), [[claimPath(1), 3]]);
  }),
  filesCase('answers unchanged for a known version only', async (files, probe) => {
    const other = await probe.another();
    const first = await swapAlone(files, CURRENT, null, 'first');
    assert.equal(await files.readVersion(CURRENT, first), 'unchanged');
    assert.equal(await other.readVersion(CURRENT, first), 'unchanged');
    const second = await swapAlone(other, CURRENT, first, 'second');
    const found = await files.readVersion(CURRENT, first);
    assert.ok(found !== undefined && found !== 'unchanged');
    assert.deepEqual([Buffer.from(found.bytes).toString('utf8'), found.version], ['second', second]);
    assert.equal(await files.readVersion(CURRENT, second), 'unchanged');
    assert.equal(await files.readVersion(claimPath(1), second), undefined);
  }),
  filesCase('gives every version a name that was never used', async (files) => {
    const seen = new Set<string>();
    let version: string | null = null;
    for (let round = 0; round < 20; round += 1) {
      const next: string = await swapAlone(files, CURRENT, version, `content of round ${round}`);
      assert.ok(!seen.has(next), `the version ${next} came back`);
      for (const old of seen) assertRefused(await files.swap(CURRENT, old, utf8('back')));
      seen.add(next);
      version = next;
    }
    assert.equal(await readMutableText(files, CURRENT), 'content of round 19');
  }),
  filesCase('keeps mutable files apart', async (files) => {
    const paths = [CURRENT, claimPath(1), claimPath(2), execPath(1), execPath(2)];
    const versions = await Promise.all(paths.map((path) => swapAlone(files, path, null, `first ${path}`)));
    await swapAlone(files, claimPath(1), versions[1] as string, 'changed');
    for (const [index, path] of paths.entries()) {
      if (path === claimPath(1)) continue;
      assert.equal(await files.readVersion(path, versions[index]), 'unchanged');
      assert.equal(await readMutableText(files, path), `first ${path}`);
    }
    assertRefused(await files.swap(claimPath(2), versions[1] as string, utf8('of another file')));
  }),
  filesCase('shares no memory of mutable files with its callers', async (files) => {
    const given = utf8('as it was swapped in');
    const answer = await files.swap(CURRENT, null, given);
    given.fill(0);
    assert.equal(answer.outcome, 'applied');
    (await readPresent(files, CURRENT)).bytes.fill(1);
    assert.equal(await readMutableText(files, CURRENT), 'as it was swapped in');
  }),
  filesCase(`lets one of ${RACERS} create a file`, async (_files, probe) => {
    const writers = await probe.writers(RACERS);
    for (let round = 0; round < ROUNDS; round += 1) await raceOnce(writers, claimPath(round), null, round);
  }),
  filesCase(`lets one of ${RACERS} replace a version`, async (files, probe) => {
    const writers = await probe.writers(RACERS);
    let version = await swapAlone(files, CURRENT, null, 'before the races');
    for (let round = 0; round < ROUNDS; round += 1)
      version = await raceOnce(writers, CURRENT, version, round);
  }),
  filesCase('loses none of 80 increments by 8 writers', async (files, probe) => {
    const writers = await probe.writers(8);
    await swapAlone(files, CURRENT, null, '{"count":0}');
    await Promise.all(
      writers.map(async (writer, index) => {
        for (let round = 0; round < 10; round += 1) await increment(writer, CURRENT, `${index}-${round}`);
      }),
    );
    const counted = JSON.parse((await readMutableText(files, CURRENT)) as string) as { count: number };
    assert.equal(counted.count, 80);
  }),
  filesCase('shows readers whole versions in the order they took effect', async (files, probe) => {
    const reader = await probe.another();
    const LAST = 40;
    const textOf = (round: number): string => `${round}:${'x'.repeat(round * 50)}`;
    let version = await swapAlone(files, CURRENT, null, textOf(0));
    const write = async (): Promise<void> => {
      for (let round = 1; round <= LAST; round += 1)
        version = await swapAlone(files, CURRENT, version, textOf(round));
    };
    const writing = write();
    for (let newest = 0; newest < LAST; ) {
      const text = (await readMutableText(reader, CURRENT)) ?? 'absent';
      const round = Number.parseInt(text, 10);
      assert.equal(text, textOf(round));
      assert.ok(round >= newest, `version ${round} was seen after ${newest}`);
      newest = round;
    }
    await writing;
  }),
  filesCase(
    'deletes exec refs and the mutable files of a check, which are absent then',
    async (files, probe) => {
      const other = await probe.another();
      const [one, two] = [checkPathOf(1, 'json'), checkPathOf(2, 'json')];
      const version = await swapAlone(files, one, null, 'first');
      await swapAlone(files, one, version, 'second');
      await swapAlone(files, two, null, 'stays');
      await swapAlone(files, execPath(1), null, 'a job');
      await swapAlone(files, resultPath(1), null, 'a result');
      await other.remove([one, checkPathOf(3, 'json'), execPath(1), resultPath(1), execPath(2)]);
      assert.equal(await files.readVersion(execPath(1)), undefined);
      assert.equal(await files.readVersion(one), undefined);
      assert.deepEqual(await listAll(files, ''), [[two, 5]]);
      assert.equal(await readMutableText(files, two), 'stays');
    },
  ),
];
