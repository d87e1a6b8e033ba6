import { resolve } from 'node:path';
import { loadPipeline, Repository, type RunResult } from '@daggerml/bindings';
import { isDmlError } from '@daggerml/object-model';
import { actorOf } from '../actor.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { formatDuration } from '../quantities.ts';
import { repositoryFolder } from '../repository-access.ts';
import { RunProgress } from '../run-progress.ts';

/** `dml run <file> [pipeline]`. @spec DML-CLI-0703 */
export async function run(context: CommandContext): Promise<number> {
  const { io, args, options, output } = context;
  const [file = '', wanted] = args;
  const startedMs = io.nowMs();
  // The repository first: nothing of the pipeline runs where its outcome could not be kept.
  const folder = repositoryFolder(context);
  const pipeline = await loadPipeline(resolve(io.cwd, file), wanted);
  const workers = options.workers as number | undefined;
  const repository = await Repository.open(folder, {
    author: actorOf(io.env),
    ...(workers !== undefined && { workers }),
  });
  const progress = new RunProgress(output, io.nowMs);
  try {
    const result = await repository.run(pipeline, {
      onEvent: progress.onEvent,
      signal: io.signal,
      callDefaults: {
        // @spec DML-CLI-0707
        ...(options.cache === false && { cache: false }),
        // @spec DML-CLI-0708
        ...(options.retryFailed === true && { retryFailed: true }),
      },
    });
    progress.close();
    report(context, pipeline.name, result, io.nowMs() - startedMs);
    return EXIT.done;
  } catch (error) {
    progress.close();
    // @spec DML-CLI-0710
    if (isDmlError(error, 'dag_failed')) output.talk(`  show it with: dml show ${String(error.fields.nodeId).slice(0, 12)}`);
    throw error;
  } finally {
    await repository.close();
  }
}

/** @spec DML-CLI-0705 */
function report({ output }: CommandContext, name: string, result: RunResult, durationMs: number): void {
  const { commit, dagId, changed, counts } = result;
  const { commitId } = commit;
  output.result({ pipeline: name, commitId, dagId, changed, counts, durationMs }, () => {
    const { executed, cached, failed } = counts;
    const took = `${executed} executed, ${cached} cached, ${failed} failed in ${formatDuration(durationMs)}`;
    // @spec DML-CLI-0706
    const kept = changed
      ? `committed ${output.style('bold', output.safe(name))} as ${output.shortId(commitId)}`
      : `nothing changed: ${output.style('bold', output.safe(name))} is as in ${output.shortId(commitId)}`;
    return `${took}\n${kept}`;
  });
}
