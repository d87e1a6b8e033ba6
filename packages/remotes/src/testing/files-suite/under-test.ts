import assert from 'node:assert/strict';
import type { ByteRange, FileVersion, RemoteFiles, SwapAnswer } from '../../files/remote-files.ts';
import type { SuiteCase } from '../suite-case.ts';

/** A remote as the suite judges it: new and empty for every case. */
export interface RemoteFilesUnderTest {
  /** Opens the remote once more, as another process would; the suite closes what it opened. */
  readonly open: () => Promise<RemoteFiles>;
}

/** One remote during a case: its files, and as many further connections to it as the case asks for. */
export class FilesProbe {
  readonly files: RemoteFiles;
  readonly #given: RemoteFilesUnderTest;
  readonly #others: RemoteFiles[] = [];

  private constructor(given: RemoteFilesUnderTest, files: RemoteFiles) {
    this.#given = given;
    this.files = files;
  }

  static async open(given: RemoteFilesUnderTest): Promise<FilesProbe> {
    return new FilesProbe(given, await given.open());
  }

  /** Opens another connection to the same remote. */
  async another(): Promise<RemoteFiles> {
    const files = await this.#given.open();
    this.#others.push(files);
    return files;
  }

  /** Opens connections that take turns for so many writers. */
  async writers(count: number): Promise<RemoteFiles[]> {
    const connections = [this.files, await this.another(), await this.another(), await this.another()];
    return Array.from({ length: count }, (_, index) => connections[index % 4] as RemoteFiles);
  }

  async close(): Promise<void> {
    for (const files of [...this.#others, this.files]) await files.close();
  }
}

/** Creates a case with the files of one remote, which are closed at the end. */
export function filesCase(
  name: string,
  act: (files: RemoteFiles, probe: FilesProbe) => Promise<void>,
): SuiteCase<RemoteFilesUnderTest> {
  const run = async (given: RemoteFilesUnderTest): Promise<void> => {
    const probe = await FilesProbe.open(given);
    try {
      await act(probe.files, probe);
    } finally {
      await probe.close();
    }
  };
  return { name, run };
}

/** Returns the UTF-8 form of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Reads a file as text; undefined when it is absent. */
export async function readText(
  files: RemoteFiles,
  path: string,
  range?: ByteRange,
): Promise<string | undefined> {
  const bytes = await files.read(path, range);
  return bytes && Buffer.from(bytes).toString('utf8');
}

/** Reads a mutable file that has to be there. */
export async function readPresent(files: RemoteFiles, path: string): Promise<FileVersion> {
  const found = await files.readVersion(path);
  assert.ok(found !== undefined, `${path} is absent`);
  assert.ok(found !== 'unchanged', 'a file without a known version cannot be unchanged');
  return found;
}

/** Reads a mutable file as text; undefined when it is absent. */
export async function readMutableText(files: RemoteFiles, path: string): Promise<string | undefined> {
  const found = await files.readVersion(path);
  assert.ok(found !== 'unchanged', 'a file without a known version cannot be unchanged');
  return found && Buffer.from(found.bytes).toString('utf8');
}

/** Swaps where nothing stands in the way, and returns the new version. */
export async function swapAlone(
  files: RemoteFiles,
  path: string,
  expected: string | null,
  text: string,
): Promise<string> {
  const answer = await files.swap(path, expected, utf8(text));
  assert.ok(answer.outcome === 'applied', `a swap without a rival was ${answer.outcome}`);
  return answer.version;
}

/** Asserts that a swap was refused, and not that nobody knows. */
export function assertRefused(answer: SwapAnswer): void {
  assert.deepEqual(answer, { outcome: 'refused' });
}

/** Lists the files below a prefix in the order of their paths. */
export async function listAll(files: RemoteFiles, prefix: string): Promise<[path: string, size: number][]> {
  const found: [string, number][] = [];
  for await (const { path, sizeBytes } of files.list(prefix)) found.push([path, sizeBytes]);
  return found.sort(([one], [other]) => (one < other ? -1 : 1));
}
