import { isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import type { Remote } from '../remote.ts';

/** Content of a mutable file, and the version in which it was read. */
export interface VersionedContent<Content> {
  readonly content: Content;
  readonly version: string;
}

/** Result of a write of a mutable file; where it was refused, with what is there instead. */
export type FileSwap<Content> =
  | { readonly outcome: 'applied'; readonly version: string }
  | { readonly outcome: 'refused'; readonly found: VersionedContent<Content> };

/** A mutable file whose content carries the id of its write. */
export interface SwappedFile<Content> {
  readonly path: string;
  readonly encode: (content: Content) => Uint8Array;
  /** Throws `remote_damaged` and `remote_format_newer`. */
  readonly decode: (bytes: Uint8Array) => Content;
  /** Completes "did not say what became of …". */
  readonly what: string;
}

/** Pause before a question is asked again, and its growth. */
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;

/** Returns a mutable file as the remote has it; `unchanged` where it has a version that is known. */
export async function readSwapped<Content>(
  { files }: Remote,
  { path, decode }: SwappedFile<Content>,
  knownVersion?: string,
): Promise<VersionedContent<Content> | 'unchanged' | undefined> {
  const found = await files.readVersion(path, knownVersion);
  if (found === 'unchanged' || found === undefined) return found;
  return { content: decode(found.bytes), version: found.version };
}

/**
 * Writes a mutable file in the place of the version `expected`, or creates it for null, and settles what became of it:
 * an answer that got lost, or a refusal that was of this very write, is cleared up by reading back. Throws
 * `remote_unreachable` where nobody can say whether it took effect.
 *
 * @spec DML-REM-1116
 */
export async function swapFile<Content extends { readonly write: string }>(
  remote: Remote,
  file: SwappedFile<Content>,
  { expected, content }: { readonly expected: string | null; readonly content: Content },
): Promise<FileSwap<Content>> {
  const { files, clock } = remote;
  const bytes = file.encode(content);
  const endMs = clock.now() + remote.limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    const answer = await files.swap(file.path, expected, bytes);
    if (answer.outcome === 'applied') return answer;
    const found = await readBack(remote, file, endMs);
    if (found !== undefined && found.version !== expected)
      return found.content.write === content.write
        ? { outcome: 'applied', version: found.version }
        : { outcome: 'refused', found };
    // What was expected is there: the request may be under way still, and can take effect once.
    if (clock.now() >= endMs)
      throw remoteError(
        'remote_unreachable',
        { remote: files.name, operation: 'write', reason: `it did not say what became of ${file.what}` },
        'cause' in answer ? answer.cause : undefined,
      );
    await clock.sleep(pauseMs);
  }
}

async function readBack<Content>(
  remote: Remote,
  file: SwappedFile<Content>,
  endMs: number,
): Promise<VersionedContent<Content> | undefined> {
  const { clock } = remote;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return (await readSwapped(remote, file)) as VersionedContent<Content> | undefined;
    } catch (error) {
      const isAskedAgain = isDmlError(error) && error.code === 'remote_unreachable' && clock.now() < endMs;
      if (!isAskedAgain) throw error;
    }
    await clock.sleep(pauseMs);
  }
}
