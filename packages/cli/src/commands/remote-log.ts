import type { CommitId } from '@daggerml/object-model';
import type { RemoteState } from '@daggerml/remotes';
import { shortId } from '@daggerml/repository';
import type { RefName } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withRemote } from '../process/remote-session.ts';
import { formatColumns } from '../render/columns.ts';
import { formatTime } from '../render/quantities.ts';
import { refText } from '../render/ref-moves.ts';

/** States that are listed unless told otherwise. */
const DEFAULT_COUNT = 20;

/** Runs `dml remote log [remote]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args } = context;
  const count = positiveInteger(context, 'count', 'remote log') ?? DEFAULT_COUNT;
  const { assertKnown, listStates, readSnapshot } = await import('@daggerml/remotes');
  await withRemote(context, args[0], async ({ name, remote, memory }) => {
    await assertKnown(remote.files, memory, name);
    const states: object[] = [];
    const lines: string[][] = [];
    const show = ({ state, before }: { state: RemoteState; before: RemoteState | undefined }): void => {
      const { sequence, epoch, timeMs, actor, reason, refs, trees } = state;
      const named = Object.entries(refs).map(([ref, commitId]) => ({ ref: `refs/${ref}`, commitId }));
      // Refs of which there are many are not read for a list.
      const many = Object.entries(trees ?? {}).flatMap(([kind, tree]) =>
        tree === undefined ? [] : [{ kind, count: tree.count, pageId: tree.root }],
      );
      // The state before the oldest one may be collected.
      const isKnown = before !== undefined || state.previous === null;
      const moved = isKnown ? movesBetween(before?.refs ?? {}, refs) : null;
      states.push({
        ...{ sequence, epoch, timeMs, actor, reason, refs: named, moved },
        ...(trees && { trees: many }),
      });
      lines.push([
        output.style('yellow', String(sequence)),
        formatTime(timeMs),
        output.safe(actor),
        output.safe(reason),
        output.safe(moved === null ? '' : movesText(moved)),
      ]);
    };
    let later: RemoteState | undefined;
    // @spec DML-CLI-2105
    for await (const { state } of listStates(remote.files, await readSnapshot(remote.files))) {
      if (later !== undefined) show({ state: later, before: state });
      later = state;
      if (states.length >= count) break;
    }
    if (later !== undefined && states.length < count) show({ state: later, before: undefined });
    output.result(states, () => formatColumns(lines));
    if (states.length === 0) output.note('nothing was pushed there yet');
  });
}

/** A ref that a state moved: made where `before` is null, deleted where `after` is. */
interface MovedRef {
  readonly ref: RefName;
  readonly before: CommitId | null;
  readonly after: CommitId | null;
}

type Refs = Readonly<Record<string, CommitId>>;

/** Returns the refs that are not the same in two states. @spec DML-CLI-2106 */
function movesBetween(before: Refs, after: Refs): MovedRef[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => before[name] !== after[name])
    .map((name) => ({
      ref: `refs/${name}` as RefName,
      before: before[name] ?? null,
      after: after[name] ?? null,
    }));
}

/** Moves that are shown before the others are counted. */
const MAX_MOVES = 4;

function movesText(moves: readonly MovedRef[]): string {
  const texts = moves
    .slice(0, MAX_MOVES)
    .map(({ ref, after }) => `${refText(ref)} ${after === null ? 'deleted' : shortId(after)}`);
  const more = moves.length - texts.length;
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
