import { keptCalls, OutcomePull, type PullCounts } from '@daggerml/execution';
import { type DatumId, formatSize } from '@daggerml/object-model';
import { type DryFiles, dryFiles, RemoteCache } from '@daggerml/remotes';
import type { RecordReader } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { actorOf } from '../process/actor.ts';
import { callsNamed, namesGiven } from '../process/chosen-calls.ts';
import { type RemoteSession, transferProgress, withRemote } from '../process/remote-session.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { formatCount } from '../render/quantities.ts';
import { UntrustedOutcomes } from '../render/untrusted-outcomes.ts';

/** Runs `dml cache pull [remote] [names…]`. */
export async function run(context: CommandContext): Promise<void> {
  const { io, options, output } = context;
  const isDryRun = options.dryRun === true;
  await withRemote(context, context.args[0], (session) =>
    withStore(context, isDryRun ? 'read' : 'write', async (reader, store) => {
      const { name, trust } = session;
      const functionIds = await functionsNamed(context, reader);
      const untrusted = new UntrustedOutcomes();
      // Nothing is written there: they only count.
      const files = dryFiles(untilInterrupted(context, session.remote).files);
      const cache = new RemoteCache(
        { ...session.remote, files },
        {
          trust,
          readsAllEntries: true,
          // @spec DML-CLI-3740
          onUntrusted: (signer, key) => {
            if (pull.noteUntrusted(key)) untrusted.add(signer);
          },
        },
      );
      const show = transferProgress(context, `taking outcomes of ${name}`);
      const pull = new OutcomePull({
        store,
        cache,
        remoteName: name,
        actor: actorOf(io.env),
        nowMs: io.nowMs,
        functionIds,
        isDryRun,
        onProgress: show,
        signal: io.signal,
      });
      // @spec DML-CLI-3743
      const counts = await pull.run();
      output.live();
      report(context, session, { counts, files });
      untrusted.note(output, name);
    }),
  );
}

/** Returns the functions that the calls of the named dags are of; undefined where nothing is named. */
async function functionsNamed(
  context: CommandContext,
  reader: RecordReader,
): Promise<ReadonlySet<DatumId> | undefined> {
  const names = namesGiven(context);
  if (names.length === 0) return undefined;
  const { signal } = context.io;
  // @spec DML-CLI-3739
  return (await keptCalls(reader.store, callsNamed(reader, names), { signal })).functionIds;
}

interface Pulled {
  readonly counts: Readonly<PullCounts>;
  readonly files: DryFiles;
}

function report(context: CommandContext, { name, uri }: RemoteSession, { counts, files }: Pulled): void {
  const { output, options } = context;
  const isDryRun = options.dryRun === true;
  const { outcomes, objects, bytes, present, unwanted, untrusted, incomplete } = counts;
  const { reads: requests, receivedBytes } = files.cost;
  const remoteName = output.safe(name);
  // @spec DML-CLI-3741
  output.result(
    {
      remote: name,
      uri,
      dryRun: isDryRun,
      taken: outcomes,
      present,
      leftOut: { otherFunctions: unwanted, untrusted, incomplete },
      objects,
      objectBytes: bytes,
      requests,
      receivedBytes,
    },
    () =>
      outcomes === 0
        ? `the cache of ${remoteName} has nothing new for this repository`
        : `${isDryRun ? 'would take' : 'took'} ${formatCount(outcomes, 'outcome')} of ${remoteName}: ${formatCount(objects, 'object')}, ${formatSize(bytes)}`,
  );
  output.note(`${formatSize(receivedBytes)} in ${formatCount(requests, 'request')}`);
  if (present > 0) output.note(`${formatCount(present, 'outcome')} here already`);
  // @spec DML-CLI-3738
  if (unwanted > 0) {
    const why =
      namesGiven(context).length > 0
        ? 'these dags do not call'
        : 'are not here; "dml fetch" brings those that branches call';
    output.note(`${formatCount(unwanted, 'outcome')} left out: of functions that ${why}`);
  }
  if (incomplete > 0)
    output.note(
      `${formatCount(incomplete, 'outcome')} left out: a part or an input value is neither here nor in the cache; "dml fetch" brings those of branches`,
    );
}
