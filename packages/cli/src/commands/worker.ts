import { runRemoteWorker, type WorkerEvent } from '@daggerml/execution';
import { isDmlError } from '@daggerml/object-model';
import { assertKnown, type Remote, type TrustPolicy } from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { listedResources } from '../invocation/resources.ts';
import { actorOf } from '../process/actor.ts';
import { adapterSurroundings } from '../process/adapter-surroundings.ts';
import { absolutePath } from '../process/current-folder.ts';
import { isPlace, uriOfPlace } from '../process/named-place.ts';
import { passedVariables } from '../process/passed-variables.ts';
import { withFiles, withRemote } from '../process/remote-session.ts';
import { signerOf } from '../process/run-sharing.ts';
import type { Output } from '../render/output.ts';
import { formatCount, formatDuration } from '../render/quantities.ts';

/** Runs `dml worker [place]`. */
export async function run(context: CommandContext): Promise<void> {
  const [place] = context.args;
  const serve = workerOf(context);
  // @spec DML-CLI-1230
  if (place !== undefined && isPlace(place))
    return await withFiles(context, await uriOfPlace(context, place), (remote) =>
      serve(remote, undefined, false),
    );
  await withRemote(context, place, async ({ name, remote, trust, checked, memory }) => {
    await assertKnown(remote.files, memory, name);
    await serve(remote, trust, checked !== undefined);
  });
}

/** Returns what runs a worker as the options say; throws for options that cannot be, before anything runs. */
function workerOf(
  context: CommandContext,
): (remote: Remote, configured: TrustPolicy | undefined, isChecked: boolean) => Promise<void> {
  const { io, output, options } = context;
  const maxJobs = positiveInteger(context, 'jobs', 'worker') ?? 1;
  const idleSeconds = positiveInteger(context, 'idle', 'worker');
  const leaseSeconds = positiveInteger(context, 'lease', 'worker');
  const offers = listedResources(context, 'worker', 'offers');
  const env = passedVariables(context, 'worker');
  const signer = options.sign === undefined ? undefined : signerOf(absolutePath(io, String(options.sign)));
  const owner = actorOf(io.env);
  return async (remote, configured, isChecked) => {
    const trust = (await trustOf(options.trust)) ?? configured;
    let count = 0;
    await assertThere(remote);
    if (!isChecked) await assertSafe(context, remote);
    // @spec DML-CLI-1231
    output.event('worker-ready', { remote: remote.files.name, jobs: maxJobs });
    output.note(`waiting for jobs of ${output.safe(remote.files.name)}; Ctrl-C ends`);
    await runRemoteWorker(
      remote,
      {
        owner,
        maxJobs,
        offers,
        signer,
        trust,
        ...(leaseSeconds !== undefined && { leaseMs: leaseSeconds * 1_000 }),
        ...(idleSeconds !== undefined && { idleMs: idleSeconds * 1_000 }),
        surroundings: {
          env,
          executables: adapterSurroundings(io.env, env),
          isIsolated: options.isolate === true,
        },
        onEvent: (event) => {
          if (event.type === 'job-ended') count += 1;
          printEvent(output, event);
        },
      },
      io.signal,
    );
    // @spec DML-CLI-1232
    output.runResult({ jobs: count }, () => `${formatCount(count, 'job')} run`);
  };
}

/**
 * Throws `remote_missing` for a place where nothing is and `remote_foreign` for one with files of something else, before
 * anything is written: a worker of a place that is misspelled would wait for ever.
 *
 * @spec DML-CLI-3802
 */
async function assertThere({ files }: Remote): Promise<void> {
  const { readSnapshot, remoteError } = await import('@daggerml/remotes');
  if ((await readSnapshot(files)).version !== null) return;
  try {
    // A folder that is not there has no clock.
    await files.now();
  } catch (error) {
    if (!isDmlError(error) || error.code !== 'remote_missing') throw error;
    throw remoteError('remote_missing', { remote: files.name, detail: 'place' }, error);
  }
}

/**
 * Checks whether claims on a remote can be relied on; throws `remote_unsafe` where they cannot.
 *
 * @spec DML-CLI-1234
 */
async function assertSafe({ output }: CommandContext, remote: Remote): Promise<void> {
  const { checkForClaims, remoteError } = await import('@daggerml/remotes');
  const { verdict, summary } = await checkForClaims(remote);
  if (verdict === 'unsafe')
    throw remoteError('remote_unsafe', { remote: remote.files.name, reason: summary });
  if (verdict === 'degraded') output.note(output.safe(`${remote.files.name}: ${summary}`));
}

/** Returns the policy of `--trust`; undefined without the option. Throws `signer_invalid`. */
async function trustOf(text: unknown): Promise<TrustPolicy | undefined> {
  if (text === undefined) return undefined;
  const { checkSigners } = await import('@daggerml/remotes');
  // @spec DML-CLI-1233
  const keys = String(text)
    .split(',')
    .map((key) => key.trim());
  checkSigners(keys);
  return { keys, unsigned: false };
}

function printEvent(output: Output, event: WorkerEvent): void {
  const { type, ...facts } = event;
  output.event(type, facts);
  output.note(lineOf(output, event));
}

/** Returns the line that tells people of an event. */
function lineOf(output: Output, event: WorkerEvent): string {
  if (event.type === 'remote-failed') return output.safe(event.reason);
  const { name = 'a job', call = name, owner } = event.job;
  // Calls of one function differ in their inputs. @spec DML-CLI-3805
  const what = output.safe(`${call} for ${owner}`);
  switch (event.type) {
    case 'job-started':
      return `${what} begins`;
    case 'job-ended': {
      const took = event.isCached ? 'known already' : formatDuration(event.durationMs);
      const reason = event.reason === undefined ? '' : `: ${output.safe(event.reason)}`;
      return `${what} ${event.outcome === 'ok' ? 'done' : event.outcome === 'error' ? 'failed' : 'refused'} (${took})${reason}`;
    }
    case 'job-left':
      return `${what} given up: ${output.safe(event.reason)}`;
    case 'job-untrusted':
      return `${what} not run: signed by ${output.safe(event.signer ?? 'nobody')}, who is not trusted`;
  }
}
