import type { CommitId } from '@daggerml/object-model';
import { nfcText } from '@daggerml/object-model';
import {
  type CommitComparison,
  type ComparedSide,
  type ComparedValue,
  cellValue,
  compareDags,
  findObject,
  type RecordReader,
  repositoryError,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { comparisonLines } from '../render/comparison-lines.ts';

/** Runs `dml compare <a> [others...]`. */
export async function run(context: CommandContext): Promise<void> {
  const { args, options, output } = context;
  // @spec DML-CLI-1790
  const names = args.flatMap((name) => (name === undefined ? [] : [name]));
  if (names.length === 1) names.push('HEAD');
  await withStore(context, 'read', (reader) => {
    const sides = names.map((name) => sideOf(reader, name));
    const dag = typeof options.dag === 'string' ? nfcText(options.dag) : undefined;
    const comparison = compareDags(reader, sides, dag);
    const labelled = sides.map(({ commitId }, at) => ({ name: names[at] as string, commitId }));
    output.result(documentOf(reader, labelled, comparison), () =>
      comparisonLines(labelled, comparison, { output, full: options.full === true }),
    );
  });
}

function sideOf(reader: RecordReader, name: string): ComparedSide {
  const { class: found, objectId, scopeCommitId, dagName } = findObject(reader, name);
  if (found === 'commit') return { commitId: objectId as CommitId };
  if (scopeCommitId !== undefined && dagName !== undefined) return { commitId: scopeCommitId, dagName };
  throw repositoryError('wrong_class', { name, found, wanted: 'commit' });
}

/** @spec DML-CLI-1793 */
function documentOf(
  reader: RecordReader,
  sides: readonly { readonly name: string; readonly commitId: CommitId }[],
  comparison: CommitComparison,
): unknown {
  return {
    sides,
    dags: comparison.dags.map(({ dagName, parameters, metrics, functions, ...compared }) => ({
      dag: dagName,
      ...compared,
      parameters: parameters.map((each) => valueDocument(reader, each)),
      metrics: metrics.map((each) => valueDocument(reader, each)),
      functions: functions.map(({ name, changes, ...each }) => ({
        functionName: name,
        ...each,
        changes: changes ?? null,
      })),
    })),
    unchanged: comparison.unchanged,
    partial: comparison.partial.map(({ dagName, sides: having }) => ({ dag: dagName, sides: having })),
  };
}

function valueDocument(reader: RecordReader, { name, cells, differs, differences }: ComparedValue): unknown {
  return {
    name,
    values: cells.map((cell) => (cell === undefined ? null : cellValue(cell, reader))),
    differs,
    differences: differences.map((difference) => difference ?? null),
  };
}
