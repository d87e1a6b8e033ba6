import { type CallRoots, type KeptCalls, keptCalls } from '@daggerml/execution';
import { formatSize } from '@daggerml/object-model';
import {
  dryFiles,
  type ExecSigner,
  type PublishCounts,
  RemoteCache,
  type TransferCost,
} from '@daggerml/remotes';
import type { RecordReader } from '@daggerml/repository';
import { ifReadable, type Store } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { allCalls, callsNamed, callsOfBranch, namesGiven } from '../process/chosen-calls.ts';
import { absolutePath } from '../process/current-folder.ts';
import { type RemoteSession, transferProgress, withRemote } from '../process/remote-session.ts';
import { signerOf } from '../process/run-sharing.ts';
import { untilInterrupted } from '../process/until-interrupted.ts';
import { liveProgress } from '../render/live-progress.ts';
import { formatCount } from '../render/quantities.ts';
import { type Tariff, tariffOf } from '../render/tariff.ts';
import { costField, costLines } from '../render/transfer-cost.ts';
import { cliError } from '../wording/cli-error.ts';

const COMMAND = 'cache push';

/** Runs `dml cache push [remote] [names…]`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, io, options, output } = context;
  const isDryRun = options.dryRun === true;
  const tariff = tariffOf(options.tariff, COMMAND);
  const signer = options.sign === undefined ? undefined : signerOf(absolutePath(io, String(options.sign)));
  await withRemote(context, args[0], (session) =>
    // For writing, so that no collection takes anything away meanwhile.
    withStore(context, isDryRun ? 'read' : 'write', async (reader, store) => {
      const { files } = untilInterrupted(context, session.remote);
      const dry = isDryRun ? dryFiles(files) : undefined;
      const cache = new RemoteCache(
        { ...session.remote, files: dry ?? files },
        {
          signer,
          trust: session.trust,
          // @spec DML-CLI-3737
          onProgress: transferProgress(context, `publishing to ${session.name}`),
        },
      );
      if (!cache.isPublishing) throw unsigned(session);
      // @spec DML-CLI-1108
      const calls = await callsOf(context, { roots: chosenCalls(context, reader), store, signer });
      const counts = await cache.publishKept(calls.outcomes, {
        getBytes: (objectClass, id) => ifReadable(() => store.get(objectClass, id as never)),
      });
      output.live();
      report(context, session, { calls, counts, cost: dry?.cost, tariff });
      if (signer) output.note(`signed as ${signer.signer}`);
    }),
  );
}

function chosenCalls(context: CommandContext, reader: RecordReader): CallRoots {
  const names = namesGiven(context);
  if (context.options.all === true) {
    const problem = '"--all" publishes the outcomes of every call and takes no names';
    if (names.length > 0) throw cliError('invalid_argument', { problem, command: COMMAND });
    // @spec DML-CLI-3731
    return allCalls(reader);
  }
  // @spec DML-CLI-3730
  return names.length > 0 ? callsNamed(reader, names) : callsOfBranch(reader);
}

interface CallSources {
  readonly roots: CallRoots;
  readonly store: Store;
  readonly signer: ExecSigner | undefined;
}

/** Finds the calls; where outcomes are signed, those that have run here. */
async function callsOf(context: CommandContext, { roots, store, signer }: CallSources): Promise<KeptCalls> {
  const show = liveProgress(context);
  return await keptCalls(store, roots, {
    // Nobody vouches for what others have computed. @spec DML-CLI-3735
    ...(signer && {
      isWanted: (key, execId) =>
        store.cacheEntries(key).includes(execId) && !store.cacheOrigins(key).has(execId),
    }),
    onProgress: (count) => show(() => `looking for outcomes: ${formatCount(count, 'call')}`),
    signal: context.io.signal,
  });
}

/** Returns the refusal of outcomes that nobody signs. @spec DML-CLI-3736 */
function unsigned({ name }: RemoteSession): Error {
  const problem = `the policy of "${name}" trusts no outcomes without a signature, so that none is published: "--sign <file>" signs them, and "dml remote trust ${name}" shows the policy`;
  return cliError('invalid_argument', { problem, command: COMMAND });
}

interface Pushed {
  readonly calls: KeptCalls;
  readonly counts: PublishCounts;
  readonly cost: TransferCost | undefined;
  readonly tariff: Tariff;
}

function report(
  { output, options }: CommandContext,
  { name, uri, remote }: RemoteSession,
  { calls, counts, cost, tariff }: Pushed,
): void {
  const isDryRun = options.dryRun === true;
  const { published, outranked: present, objects, bytes } = counts;
  const incomplete = counts.refused + calls.absent;
  const value = {
    remote: name,
    uri,
    dryRun: isDryRun,
    calls: calls.outcomes.length + calls.unwanted,
    published,
    present,
    leftOut: { incomplete, ranElsewhere: calls.unwanted },
    objects,
    sentBytes: bytes,
  };
  // @spec DML-CLI-3733
  output.result({ ...value, ...costField(cost, tariff) }, () => {
    if (published > 0)
      return [
        `${isDryRun ? 'would publish' : 'published'} ${formatCount(published, 'outcome')} to ${output.safe(remote.files.name)}`,
        ...costLines(cost, objects, tariff),
      ];
    if (present > 0) return `${output.safe(name)} has ${formatCount(present, 'outcome')} already`;
    return 'nothing to publish: no call has an outcome that can be shared';
  });
  if (cost === undefined && published > 0)
    output.note(`${formatCount(objects, 'object')}, ${formatSize(bytes)}`);
  // @spec DML-CLI-3732
  if (published > 0 && present > 0) output.note(`${formatCount(present, 'outcome')} there already`);
  // @spec DML-CLI-3734
  if (incomplete > 0)
    output.note(
      `${formatCount(incomplete, 'outcome')} left out: parts are not here, or excised; "dml fetch --missing" brings what was left out`,
    );
  if (calls.unwanted > 0)
    output.note(
      `${formatCount(calls.unwanted, 'outcome')} left out: computed elsewhere, so that you do not sign them`,
    );
}
