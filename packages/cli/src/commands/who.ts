import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { type DatumId, isDmlError, treeGet } from '@daggerml/object-model';
import {
  callText,
  findNamed,
  namesIn,
  objectValue,
  type RecordReader,
  type Usage,
  usagesOf,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { positiveInteger } from '../invocation/option-value.ts';
import { withStore } from '../invocation/repository-access.ts';
import { absolutePath } from '../process/current-folder.ts';
import { formatInteger } from '../render/quantities.ts';
import { usageLines } from '../render/usages.ts';

const DEFAULT_COUNT = 20;

/** Value whose calls are looked for. */
interface Wanted {
  /** Undefined for a file that no value is. */
  readonly datumId: DatumId | undefined;
  /** The hash of a file. */
  readonly sha256?: string;
}

/** Runs `dml who <value>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, io } = context;
  const name = args[0] as string;
  const count = positiveInteger(context, 'count', 'who') ?? DEFAULT_COUNT;
  await withStore(context, 'read', async (reader) => {
    const { datumId, sha256 } = await wantedOf(context, reader, name);
    const found: Usage[] = [];
    let hasMore = false;
    const progress = {
      onRows: (rows: number) => output.live([`  ${formatInteger(rows)} values looked at`]),
      onCommits: (commits: number) => {
        if (commits % 100 === 0) output.live([`  ${formatInteger(commits)} commits looked at`]);
      },
    };
    if (datumId !== undefined)
      for (const usage of usagesOf(reader, datumId, progress)) {
        hasMore = found.length === count;
        if (hasMore) break;
        found.push(usage);
      }
    output.live();
    const calls = found.map((usage) => ({ ...usage, call: textOf(reader, usage) }));
    // @spec DML-CLI-1723
    const document = {
      datumId: datumId ?? null,
      ...(sha256 !== undefined && { sha256 }),
      calls: calls.map(({ dagName, ...call }) => ({ ...call, dag: dagName ?? null })),
      more: hasMore,
    };
    output.result(document, () =>
      usageLines(reader, { name, sha256, calls, hasMore }, { output, nowMs: io.nowMs() }),
    );
  });
}

/**
 * Finds the value of a name, or of a file with its content.
 *
 * @spec DML-CLI-1724
 */
async function wantedOf({ io }: CommandContext, reader: RecordReader, name: string): Promise<Wanted> {
  const path = absolutePath(io, name);
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  if (isFile && /^\.{0,2}\//.test(name)) return fileOf(reader, path);
  try {
    const found = findNamed(reader, name);
    if (found.class === 'chunk') return { datumId: found.objectId as never };
    const { inline, datumId } = objectValue(reader, name, found);
    // What stands inline in a collection is no object of its own.
    return { datumId: inline?.holderId ?? datumId };
  } catch (error) {
    if (isFile && isDmlError(error) && error.code === 'unknown_name') return fileOf(reader, path);
    throw error;
  }
}

async function fileOf({ store }: RecordReader, path: string): Promise<Wanted> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  const sha256 = hash.digest('hex');
  const [datumId] = store.findBlobs(sha256);
  return { datumId, sha256 };
}

function textOf(reader: RecordReader, { nodeId, commitId, dagName }: Usage): string {
  const dags = reader.read('tree', reader.read('commit', commitId).treeId).dags;
  const dagId = dagName === undefined ? undefined : treeGet('dags', dags, dagName, reader)?.[1];
  const names = dagId && namesIn(reader, dagId);
  const nameOf = (id: typeof nodeId): string | undefined => names?.get(id)?.find((each) => each !== 'root');
  return callText(reader, nodeId, { nameOf }).text;
}
