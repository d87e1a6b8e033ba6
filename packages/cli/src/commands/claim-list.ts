import type { ListedClaim } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { withRemote } from '../process/remote-session.ts';
import { formatColumns } from '../render/columns.ts';
import type { Output } from '../render/output.ts';
import { formatDuration } from '../render/quantities.ts';

/** Runs `dml claim list [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const { listClaims } = await import('@daggerml/remotes');
  await withRemote(context, args[0], async ({ name, remote }) => {
    const claims: ListedClaim[] = [];
    // @spec DML-CLI-1109
    // @spec DML-CLI-2172
    for await (const claim of listClaims(remote))
      if (claim.state === 'held' || options.all === true) claims.push(claim);
    claims.sort((left, right) => right.claimedMs - left.claimedMs || compareKeys(left, right));
    const isNamed = claims.some(({ call }) => call !== undefined);
    output.result(claims.map(documentOf), () =>
      formatColumns(claims.map((claim) => cellsOf(output, claim, isNamed))),
    );
    if (claims.length === 0) output.note(`nobody computes anything on ${output.safe(name)} now`);
  });
}

function compareKeys(left: ListedClaim, right: ListedClaim): number {
  return left.executionKey < right.executionKey ? -1 : 1;
}

function documentOf({
  executionKey,
  execution,
  outcome,
  call,
  write: _write,
  ...claim
}: ListedClaim): object {
  return {
    executionKeyId: executionKey,
    call: call ?? null,
    ...claim,
    executionUuid: execution,
    outcome: outcome && { execId: outcome.exec, status: outcome.status },
    isExpired: isExpired(claim),
  };
}

/** Checks whether whoever wants the claim may take it over. @spec DML-CLI-2171 */
function isExpired({ state, ageMs, leaseMs }: Pick<ListedClaim, 'state' | 'ageMs' | 'leaseMs'>): boolean {
  return state === 'held' && ageMs >= leaseMs;
}

/** Time by which clocks of remotes, which count seconds, and what is known of them may differ. */
const MAX_AHEAD_MS = 5_000;

function cellsOf(output: Output, claim: ListedClaim, isNamed: boolean): string[] {
  const { executionKey, owner, state, leaseMs, ageMs, aheadMs, fencing } = claim;
  const lease = isExpired(claim)
    ? output.style('yellow', `lease of ${formatDuration(leaseMs)} has passed`)
    : `lease of ${formatDuration(leaseMs)}`;
  return [
    output.shortId(executionKey),
    // @spec DML-CLI-3806
    ...(isNamed ? [output.safe(claim.call ?? '-')] : []),
    output.safe(owner),
    state === 'held' ? lease : state,
    // @spec DML-CLI-3801
    aheadMs > MAX_AHEAD_MS
      ? output.style('yellow', `dated ${formatDuration(aheadMs)} in the future`)
      : `${formatDuration(ageMs)} old`,
    `claim ${fencing}`,
  ];
}
