import type { SwapAnswer } from '../files/remote-files.ts';
import type { CheckPart } from './check-report.ts';
import { type CheckRun, notEnded, type PartResult } from './check-run.ts';
import { readCheckFile, uniqueBytes } from './check-writes.ts';

/** Rounds of a race, as many as the time allows: rare races need many. */
const MAX_ROUNDS = 12;
/** Part of the time of a check after which no further round begins. */
const SHARE = 1 / 12;

/** Result of one round of a race. */
interface Round {
  readonly winners: number;
  readonly unknown: number;
  /** Version in effect afterwards; undefined where none is, or one that nobody is known to have written. */
  readonly version: string | undefined;
}

async function raceOnce(run: CheckRun, path: string, expected: string | null): Promise<Round> {
  const bytes = Array.from({ length: run.remote.writers }, (_, writer) => uniqueBytes(run, { writer }));
  const settled = await Promise.allSettled(bytes.map((each) => run.files.swap(path, expected, each)));
  const answers = settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  const textOf = (index: number): string => new TextDecoder().decode(bytes[index]);
  const having = (outcome: SwapAnswer['outcome']): number[] =>
    answers.flatMap((answer, index) => (answer?.outcome === outcome ? [index] : []));
  const [winners, unknown] = [having('applied'), having('unknown')];
  const failure = settled.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected' && winners.length < 2) throw failure.reason;
  const found = await readCheckFile(run, path);
  // A write whose answer was lost may be the one that won.
  const candidates = winners.length > 0 ? winners : unknown;
  const isOurs = found !== undefined && candidates.some((index) => textOf(index) === found.text);
  return { winners: winners.length, unknown: unknown.length, version: isOurs ? found?.version : undefined };
}

/**
 * Races writers for one version of a file, in as many rounds as the time allows.
 *
 * @spec DML-REM-1401
 */
async function checkRace(
  run: CheckRun,
  part: CheckPart,
  step: (race: (path: string, expected: string | null) => Promise<Round>) => Promise<Round>,
): Promise<PartResult> {
  const startMs = run.nowMs();
  let [rounds, decided, mostWinners, lost] = [0, 0, 0, 0];
  while (rounds === 0 || (rounds < MAX_ROUNDS && run.nowMs() - startMs < run.remote.limitMs * SHARE)) {
    if (run.isOver) return notEnded(part, run.nowMs() - startMs);
    const { winners, unknown, version } = await step((path, expected) => raceOnce(run, path, expected));
    rounds += 1;
    mostWinners = Math.max(mostWinners, winners);
    if (winners === 1 && version === undefined) lost += 1;
    if (winners === 1 || (winners === 0 && unknown > 0 && version !== undefined)) decided += 1;
  }
  const facts = { rounds, writers: run.remote.writers, mostWinners, decidedRounds: decided };
  if (mostWinners > 1)
    return {
      result: 'failed',
      finding: `${mostWinners} of ${run.remote.writers} writers won a race that only one can win (${part})`,
      facts,
    };
  if (lost > 0)
    return { result: 'failed', finding: `what the winner of a race wrote was not there (${part})`, facts };
  return decided === rounds
    ? { result: 'passed', finding: `one of ${run.remote.writers} writers won each of ${rounds} races`, facts }
    : { result: 'not-proven', finding: `nobody won ${rounds - decided} of ${rounds} races (${part})`, facts };
}

/** Races for the creation of files, a new one in each round. */
export function checkCreateRace(run: CheckRun): Promise<PartResult> {
  return checkRace(run, 'create-race', (race) => race(run.newPath('json'), null));
}

/** Races for the replacement of one file, each round from the version that the one before left. */
export async function checkReplaceRace(run: CheckRun): Promise<PartResult> {
  const path = run.newPath('json');
  const created = await run.files.swap(path, null, uniqueBytes(run));
  if (created.outcome !== 'applied')
    return { result: 'not-proven', finding: 'a file could not be created for a race', facts: {} };
  let { version } = created;
  // @spec DML-REM-1402
  return checkRace(run, 'replace-race', async (race) => {
    const round = await race(path, version);
    version = round.version ?? (await readCheckFile(run, path))?.version ?? version;
    return round;
  });
}
