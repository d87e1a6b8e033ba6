import { listLayout, nameInPath } from '../files/list-layout.ts';
import {
  decodeExecRef,
  type ExecRef,
  type ExecRefKind,
  encodeExecRef,
  execRefPath,
} from '../format/exec-ref.ts';
import type { Remote } from '../remote.ts';
import { readSwapped, type SwappedFile, swapFile } from '../state/swap-file.ts';

function fileOf(remote: Remote, kind: ExecRefKind, executionUuid: string): SwappedFile<ExecRef> {
  const path = execRefPath(kind, executionUuid);
  return {
    path,
    encode: encodeExecRef,
    decode: (bytes) => decodeExecRef(bytes, path, remote.files.name),
    what: kind === 'exec' ? 'a job' : 'a result',
  };
}

/**
 * Creates an exec ref and returns true; false where there is one of that execution already, which stays as it is.
 *
 * @spec DML-REM-1803
 */
export async function createExecRef(
  remote: Remote,
  { kind, executionUuid }: { readonly kind: ExecRefKind; readonly executionUuid: string },
  ref: ExecRef,
): Promise<boolean> {
  const file = fileOf(remote, kind, executionUuid);
  return (await swapFile(remote, file, { expected: null, content: ref })).outcome === 'applied';
}

/** Returns an exec ref; undefined where there is none. Throws `remote_damaged` and `remote_format_newer`. */
export async function readExecRef(
  remote: Remote,
  kind: ExecRefKind,
  executionUuid: string,
): Promise<ExecRef | undefined> {
  const found = await readSwapped(remote, fileOf(remote, kind, executionUuid));
  return found === 'unchanged' ? undefined : found?.content;
}

/** Returns the execution UUIDs of the exec refs of a kind, in any order; see {@link listLayout} for strays. */
export async function listExecRefs(
  { files }: Remote,
  kind: ExecRefKind,
  onStray?: (path: string) => void,
): Promise<Set<string>> {
  const uuids = new Set<string>();
  for await (const { path } of listLayout(files, `${kind}/`, onStray)) uuids.add(nameInPath(path));
  return uuids;
}

/** Paths that are removed by one request, where the remote has one for several. */
const REMOVED_TOGETHER = 500;

/** Removes the exec refs of executions, those of results last; absent ones are no error. */
export async function removeExecRefs({ files }: Remote, executionUuids: readonly string[]): Promise<void> {
  for (let at = 0; at < executionUuids.length; at += REMOVED_TOGETHER) {
    const some = executionUuids.slice(at, at + REMOVED_TOGETHER);
    await files.remove([
      ...some.map((uuid) => execRefPath('exec', uuid)),
      ...some.map((uuid) => execRefPath('results', uuid)),
    ]);
  }
}
