import type { RepositoryOptions } from '@daggerml/bindings';
import { remoteSharing, remoteWorkers } from '@daggerml/execution';
import { isDmlError } from '@daggerml/object-model';
import {
  assertKnown,
  type CheckReport,
  checkForClaims,
  type ExecSigner,
  execSigner,
  type TrustPolicy,
} from '@daggerml/remotes';
import type { CommandContext } from '../invocation/command.ts';
import { UntrustedOutcomes } from '../render/untrusted-outcomes.ts';
import { noWorkerNote } from '../wording/no-worker.ts';
import { untrustedResultNote } from '../wording/untrusted-result.ts';
import { actorOf } from './actor.ts';
import { absolutePath } from './current-folder.ts';
import { readKeyFile } from './read-key-file.ts';
import { noteChecked, type RemoteSession, withRemote } from './remote-session.ts';

const ALL_TRUSTED: TrustPolicy = { keys: [], unsigned: true };

/**
 * Opens what is shared over a remote for the time of `body`.
 *
 * @spec DML-REM-1230
 */
export async function withSharing<Result>(
  context: CommandContext,
  name: string,
  body: (shared: Pick<RepositoryOptions, 'sharing' | 'pools'>) => Promise<Result>,
): Promise<Result> {
  const { io, options, output } = context;
  const signer = options.sign === undefined ? undefined : signerOf(absolutePath(io, String(options.sign)));
  if (signer) output.note(`outcomes are signed as ${signer.signer}`);
  const untrusted = new UntrustedOutcomes();
  /** Signers of results that were not used. */
  const unused = new Set<string | undefined>();
  return await withRemote(context, { name, verb: 'run' }, async (session) => {
    const { remote, trust } = session;
    await assertKnown(remote.files, session.memory, session.name);
    let report: CheckReport | undefined;
    const sharing = await remoteSharing(remote, {
      name,
      owner: actorOf(io.env),
      isProven: async () => {
        if (session.checked !== undefined) return true;
        report = await proofOf(context, session);
        return report !== undefined && report.verdict !== 'unsafe';
      },
      // A dry run writes nothing anywhere. @spec DML-REM-1231
      isWritable: options.publish !== false && options.dryRun !== true,
      signer,
      trust,
      onUntrusted: (key = 'nobody') => {
        if (untrusted.add(key) === 1) output.event('outcomes-untrusted', { remote: name, signer: key });
      },
    });
    // What workers run is claimed by them.
    const own = { cache: sharing.cache };
    const start =
      options.onWorkers === true
        ? await remoteWorkers(remote, {
            owner: actorOf(io.env),
            signer,
            trust,
            onNobody: (report) => {
              output.event('no-worker', { remote: name, ...report });
              output.note(output.safe(noWorkerNote(name, report, signer?.signer)));
            },
            onUntrusted: (key) => {
              if (unused.has(key)) return;
              unused.add(key);
              output.event('result-untrusted', { remote: name, signer: key ?? 'nobody' });
              output.note(output.safe(untrustedResultNote(name, trust ?? ALL_TRUSTED, key)));
            },
          })
        : undefined;
    try {
      // @spec DML-CLI-1221
      return await body(start ? { sharing: own, pools: [{ name, offers: 'any', start }] } : { sharing });
    } finally {
      // Where it cannot be noted, the next run checks again.
      if (report !== undefined) await noteChecked(context, session, report).catch(() => undefined);
      untrusted.note(output, name);
    }
  });
}

/**
 * Checks a remote that was never checked before its first claim, and says what it finds; undefined where this user may
 * not write there.
 *
 * @spec DML-REM-1412
 */
async function proofOf(
  { output }: CommandContext,
  { name, remote }: RemoteSession,
): Promise<CheckReport | undefined> {
  const remoteName = output.safe(name);
  output.note(`${remoteName} was never checked: checking once whether claims on it can be relied on`);
  const noClaims = `no claims on ${remoteName}, so that others may run the same calls`;
  let report: CheckReport;
  try {
    report = await checkForClaims(remote);
  } catch (error) {
    if (!isDmlError(error) || error.code !== 'remote_refused') throw error;
    output.note(`${noClaims}: ${output.safe(error.words)}`);
    return undefined;
  }
  if (report.verdict === 'unsafe')
    output.note(`${noClaims}: ${output.safe(report.summary)}; see "dml remote check ${remoteName}"`);
  else if (report.verdict === 'degraded') output.note(`${remoteName}: ${output.safe(report.summary)}`);
  output.event('remote-checked', { remote: name, verdict: report.verdict });
  return report;
}

/** Returns the signer of a key file; throws `signing_key_invalid`. */
export function signerOf(path: string): ExecSigner {
  // @spec DML-REM-1234
  return execSigner(readKeyFile(path), path);
}
