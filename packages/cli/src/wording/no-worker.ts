import { formatNeeds, type LonelyReport } from '@daggerml/execution';

/** Offers that differ and are listed; people read no more. */
const MAX_LISTED = 5;

/**
 * Returns the note that no worker of a remote takes calls which need the same.
 *
 * @spec DML-EXE-2806
 */
export function noWorkerNote(
  remote: string,
  { needs, offers }: LonelyReport,
  signer: string | undefined,
): string {
  const needed = formatNeeds(needs);
  const isPlain = Object.keys(needs).length === 0;
  const seen = offers.slice(0, MAX_LISTED).map((each) => `[${formatNeeds(each)}]`);
  if (offers.length > MAX_LISTED) seen.push('…');
  const found =
    offers.length === 0
      ? 'no worker has been seen in this run'
      : `workers seen in this run offer ${seen.join(' or ')}`;
  const calls = isPlain ? 'the calls' : `calls that need ${needed}`;
  const option = isPlain ? '' : ` --offers ${needed.replaceAll(', ', ',')}`;
  return `no worker of ${remote} takes ${calls} yet; ${found}; start one by "dml worker${option}"; ${trustOf(signer)}`;
}

/**
 * Returns what a worker that obeys some keys alone asks of these calls: it says nothing to strangers, so that nobody can
 * take the place of an answer.
 *
 * @spec DML-EXE-2820
 */
function trustOf(signer: string | undefined): string {
  return signer === undefined
    ? 'one with --trust takes only calls that "dml run --sign <key file>" has signed, and these are not signed'
    : `one with --trust takes these calls only where it trusts ${signer}`;
}
