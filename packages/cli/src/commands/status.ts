import {
  branchOf,
  currentCommit,
  dagsOf,
  indexNameOf,
  isPulledOutcomes,
  type Upstream,
  upstreamOf,
} from '@daggerml/repository';
import type { StubCounts } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { hasRemote } from '../process/remote-session.ts';
import { noteUnfinished } from '../process/unfinished-clone.ts';
import { dagFields } from '../render/dag-fields.ts';
import type { Output } from '../render/output.ts';
import { formatAge, formatCount } from '../render/quantities.ts';

/** Work in progress that is listed, the latest first; the rest is counted. */
const MAX_INDEXES = 3;

/** Runs `dml status`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, io } = context;
  await withStore(context, 'read', async (reader, store) => {
    const current = currentCommit(reader);
    const dags = current === undefined ? [] : dagFields(dagsOf(reader, current.commit));
    const indexes = store.readRefs('index').flatMap(({ name, commitId }) => {
      const { message, committedMs } = reader.read('commit', commitId);
      // @spec DML-CLI-3744
      return isPulledOutcomes(message) ? [] : [{ index: indexNameOf(name), commitId, message, committedMs }];
    });
    const branch = branchOf(store.head());
    const upstream = upstreamOf(reader, store.head());
    const remote = upstream && (await hasRemote(context, upstream.remote)) ? upstream.remote : null;
    // @spec DML-CLI-0801
    const value = {
      repository: repositoryFolder(context),
      branch,
      commitId: current?.commitId ?? null,
      // @spec DML-CLI-2052
      upstream: upstream?.name ?? null,
      upstreamRemote: remote,
      ahead: upstream?.ahead ?? null,
      behind: upstream?.behind ?? null,
      dags,
      indexes,
      // @spec DML-CLI-1269
      notHere: store.countStubs(),
    };
    output.result(value, () => {
      const lines = [`On branch ${output.style('bold', output.safe(branch))}`];
      if (current === undefined) {
        lines.push('No commit yet: "dml run <file>" makes the first one.');
      } else {
        const { commitId, commit } = current;
        const age = formatAge(commit.committedMs, io.nowMs());
        const message = output.safe(firstLine(commit.message));
        lines.push(`Commit ${output.shortId(commitId)}  ${message}  (${age})`);
        if (upstream !== undefined) {
          // @spec DML-CLI-3850
          const origin =
            remote === null
              ? ` (a bundle brought it; no remote is called "${output.safe(upstream.remote)}")`
              : '';
          lines.push(`${upstreamText(upstream, output)}${origin}`);
        }
        lines.push(...notHereText(value.notHere));
        lines.push('', dags.length === 0 ? 'No dags.' : 'Dags:');
        for (const { dag, dagId } of dags) lines.push(`  ${output.shortId(dagId)}  ${output.safe(dag)}`);
      }
      if (indexes.length > 0) {
        lines.push('', 'In progress, failed or interrupted ("dml wip list" shows more):');
        const latest = [...indexes].sort((a, b) => b.committedMs - a.committedMs).slice(0, MAX_INDEXES);
        for (const { index, message, committedMs } of latest) {
          const age = formatAge(committedMs, io.nowMs());
          lines.push(`  ${index}  ${output.safe(firstLine(message))}  (${age})`);
        }
        // @spec DML-CLI-0831
        const more = indexes.length - latest.length;
        if (more > 0)
          lines.push(`  and ${more} earlier; "dml wip prune --all" forgets all ${indexes.length}`);
      }
      return lines.join('\n');
    });
  });
  await noteUnfinished(context);
}

/** Returns what a repository has left out or others withhold. */
function notHereText({ objects, commits }: StubCounts): string[] {
  if (objects === 0) return [];
  const history = commits === 0 ? '' : ', older commits among them';
  const how = commits === 0 ? 'dml fetch --missing' : 'dml fetch --unshallow';
  return [
    `${formatCount(objects, 'object')} not here, left out or withheld${history} ("${how}" brings them)`,
  ];
}

/** Returns how a branch stands to that of its remote. */
function upstreamText({ name, ahead, behind }: Upstream, output: Output): string {
  const remote = output.safe(name);
  // @spec DML-CLI-2050
  if (ahead === 0 && behind === 0) return `Up to date with ${remote}`;
  if (behind === 0) return `${formatCount(ahead, 'commit')} ahead of ${remote}`;
  if (ahead === 0) return `${formatCount(behind, 'commit')} behind ${remote}`;
  return `${formatCount(ahead, 'commit')} ahead of ${remote}, and ${behind} behind it`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
