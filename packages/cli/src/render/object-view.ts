import {
  type AnyRecord,
  type ChunkId,
  type CommitId,
  type DagId,
  type Datum,
  type ExecId,
  formatRecord,
  formatSize,
  isDmlError,
  type Records,
  treeCount,
} from '@daggerml/object-model';
import {
  dagsOf,
  type NamedObject,
  namedDatum,
  type RecordedFailure,
  type RecordReader,
  readFailure,
  valueForPeople,
} from '@daggerml/repository';
import { dagFields } from './dag-fields.ts';
import { dagView, nodeView, type ObjectView, type RenderOptions } from './node-views.ts';
import type { Output } from './output.ts';
import { peopleLines } from './people-lines.ts';

/** Lines of a value that are shown before the rest is left to `dml cat`. */
const PREVIEW_LINES = 20;
/** Describes an object by its class. */
export function describeObject(reader: RecordReader, found: NamedObject, options: RenderOptions): ObjectView {
  const { class: objectClass, objectId } = found;
  const { value, lines } = describe(reader, found, options);
  // A member that stands inside of another datum is no object and has no id to look for.
  // @spec DML-CLI-1703
  const holderId = found.inline?.holderId;
  const title = `${objectClass} ${holderId === undefined ? '' : 'in '}${options.output.style('yellow', holderId ?? objectId)}`;
  const ids = holderId === undefined ? { objectId } : { objectId: null, holderId };
  // @spec DML-CLI-0804
  return { value: { class: objectClass, ...ids, ...value }, lines: () => [title, ...lines()] };
}

function describe(reader: RecordReader, found: NamedObject, options: RenderOptions): ObjectView {
  const { output } = options;
  switch (found.class) {
    case 'commit':
      return commitView(reader, found.objectId as CommitId, output);
    case 'dag':
      return dagView(reader, found, options);
    case 'node':
      return nodeView(reader, found, options);
    case 'datum':
      return datumView(reader, namedDatum(reader, found), options);
    case 'chunk': {
      const sizeBytes = reader.store.read('chunk', found.objectId as ChunkId).length;
      return { value: { sizeBytes }, lines: () => [`size ${formatSize(sizeBytes)}`] };
    }
    case 'exec':
      return execView(reader, reader.read('exec', found.objectId as ExecId), options);
    case 'tree':
    case 'page':
    case 'exec-request':
    case 'reference':
    case 'federated-snapshot':
      return recordView(reader.read(found.class, found.objectId), options);
  }
}

/** Describes a record by its fields; collections beyond one page stand as the id of their top page. */
function recordView(record: AnyRecord, { full }: RenderOptions): ObjectView {
  const { type: _, ...value } = record;
  return { value, lines: () => formatRecord(record, { full }).split('\n').slice(1) };
}

/** Describes an outcome, with the failure that it records. @spec DML-CLI-1701 */
function execView(reader: RecordReader, exec: Records['exec'], options: RenderOptions): ObjectView {
  const { value, lines } = recordView(exec, options);
  const failure = exec.status === 'error' ? readableFailure(exec, reader) : undefined;
  if (failure === undefined) return { value, lines };
  const { safe } = options.output;
  const texts = [`error ${failure.code}: ${failure.message}`, ...failure.trace.map((at) => `      ${at}`)];
  return { value: { ...value, failure }, lines: () => [...texts.map(safe), ...lines()] };
}

/** Reads the failure of an exec; undefined where a later version recorded it, or it is no longer there. */
function readableFailure(exec: Records['exec'], reader: RecordReader): RecordedFailure | undefined {
  try {
    return readFailure(exec, reader);
  } catch (error) {
    if (isDmlError(error)) return undefined;
    throw error;
  }
}

function commitView(reader: RecordReader, commitId: CommitId, output: Output): ObjectView {
  const commit = reader.read('commit', commitId);
  const dags = dagFields(dagsOf(reader, commit)).map((dag) => ({
    ...dag,
    ...withheldFields(reader, dag.dagId),
  }));
  const pinCount = treeCount('pins', commit.pins, reader);
  const { treeId, parentCommitIds, author, authoredMs, committer, committedMs, message } = commit;
  const people = { author, authoredMs, committer, committedMs };
  return {
    value: { treeId, parentCommitIds, ...people, message, dags, pinCount },
    lines: () => [
      ...parentCommitIds.map((parent) => `parent ${output.shortId(parent)}`),
      ...peopleLines(people).map(output.safe),
      `calls  ${pinCount} with an outcome`,
      '',
      ...message.split('\n').map((line) => `    ${output.safe(line)}`),
      '',
      ...dags.map(
        ({ dag, dagId, withheldBy }) =>
          `  ${output.shortId(dagId)}  ${output.safe(dag)}${withheldBy === undefined ? '' : `  withheld by ${output.safe(withheldBy)}`}`,
      ),
    ],
  };
}

/** Returns the domain that withholds a dag as a field. @spec DML-CLI-1297 */
function withheldFields({ store }: RecordReader, dagId: DagId): { readonly withheldBy?: string } {
  const stub = store.getStub('dag', dagId);
  return stub === undefined ? {} : { withheldBy: stub.domain };
}

function datumView(reader: RecordReader, datum: Datum, options: RenderOptions): ObjectView {
  if (datum.kind === 'blob') {
    const { sizeBytes, contentSha256 } = datum;
    return {
      value: { kind: datum.kind, sizeBytes, sha256: contentSha256 },
      lines: () => [
        `kind   blob`,
        `size   ${formatSize(sizeBytes)} (${sizeBytes} bytes)`,
        `sha256 ${contentSha256}`,
      ],
    };
  }
  return {
    value: { kind: datum.kind, ...sizeOf(reader, datum) },
    lines: () => [`kind ${datum.kind}`, ...preview(valueForPeople(reader, datum), options)],
  };
}

function sizeOf(reader: RecordReader, datum: Exclude<Datum, { kind: 'blob' }>): object {
  switch (datum.kind) {
    case 'list':
      return { count: treeCount('list', datum.root, reader) };
    case 'set':
      return { count: treeCount('set', datum.root, reader) };
    case 'map':
      return { count: treeCount('map', datum.root, reader) };
    case 'i64':
      return { value: String(datum.value) };
    case 'bytes':
      return { sizeBytes: datum.value.length };
    case 'null':
      return { value: null };
    default:
      return { value: datum.value };
  }
}

function preview(pieces: Iterable<string>, { output, full }: RenderOptions): string[] {
  const limit = full ? Infinity : PREVIEW_LINES;
  let text = '';
  let lineCount = 1;
  for (const piece of pieces) {
    text += piece;
    lineCount += piece.split('\n').length - 1;
    if (lineCount > limit) break;
  }
  const lines = text.split('\n').map((line) => output.safe(line));
  return lines.length > limit
    ? [...lines.slice(0, limit), output.style('dim', '… (--full shows all of it, "dml cat" prints it)')]
    : lines;
}
