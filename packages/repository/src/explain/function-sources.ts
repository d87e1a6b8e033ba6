import { type DatumId, type ExecId, type ExecRecord, readBlob, sha256Hex } from '@daggerml/object-model';
import { liftDatum, StoredBlob } from '@daggerml/values';
import { fieldsOf } from '../receipts/receipt-of.ts';
import { commandText, scriptCommand } from '../views/script-command.ts';
import type { ExplainSource } from './call-side.ts';

/** Package whose code a captured function carries. */
export interface LibraryUse {
  readonly name: string;
  readonly version: string;
  /** Of the files that the function takes code from. */
  readonly sha256: string;
}

/** A source file of a captured function. */
export interface SourceText {
  readonly sha256: string;
  /** Returns the content; undefined where it is gone. */
  text(): string | undefined;
}

/** Sources that a captured function was made of. */
export interface FunctionSources {
  /** Files of the author by their paths from the folder of the module. */
  readonly files: ReadonlyMap<string, SourceText>;
  readonly libraries: readonly LibraryUse[];
  /** The tools that made the bundle, with their versions. */
  readonly bundler: string;
}

/** Reads the sources that an exec's receipt names; of an exec that was taken over, those of the one that ran. */
export function sourcesOfExec(
  source: ExplainSource,
  execId: ExecId | undefined,
): FunctionSources | undefined {
  for (let id: ExecId | null | undefined = execId; id; ) {
    const exec: ExecRecord = source.read('exec', id);
    if (exec.nodeKind === 'builtin') return undefined;
    if (exec.receiptDatumId !== null) return sourcesOfReceipt(source, exec.receiptDatumId);
    id = exec.sourceExecId;
  }
  return undefined;
}

/** Returns the receipt of a call as a map; it is read as it is, whoever wrote it. */
export function readReceipt(
  source: ExplainSource,
  receiptDatumId: DatumId,
): Readonly<Record<string, unknown>> {
  const value = liftDatum(
    {
      getPage: (pageId) => source.getPage(pageId),
      readDatum: (datumId) => source.read('datum', datumId),
      readChunk: () => Promise.reject(new Error('the blobs of a receipt are read elsewhere')),
    },
    receiptDatumId,
  );
  return fieldsOf(value);
}

function sourcesOfReceipt(source: ExplainSource, receiptDatumId: DatumId): FunctionSources | undefined {
  const receipt = readReceipt(source, receiptDatumId);
  const kept = fieldsOf(receipt.sources);
  if (kept.files === undefined) return undefined;
  const files = new Map<string, SourceText>();
  for (const [path, file] of Object.entries(fieldsOf(kept.files)))
    if (typeof file === 'object' && file !== null && StoredBlob.is(file))
      files.set(path, storedText(source, file as StoredBlob));
  const libraries = Array.isArray(kept.libraries) ? kept.libraries.map(fieldsOf) : [];
  return {
    files,
    libraries: libraries.map(({ name, version, sha256 }) => ({
      name: String(name),
      version: String(version),
      sha256: String(sha256),
    })),
    bundler: String(receipt.bundler ?? 'unknown'),
  };
}

/** Files of a script that are compared. */
const MAX_SCRIPT_FILES = 1_000;

/**
 * Reads the sources of a function that is not bundled, which its datum holds itself: the command of a script as the file
 * `command`, and the files that it declares.
 *
 * @spec DML-EXE-3516
 */
export function sourcesOfScript(
  source: ExplainSource,
  functionDatumId: DatumId,
): FunctionSources | undefined {
  const named = source.read('datum', functionDatumId);
  if (named.kind !== 'uri' || named.attachmentDatumId === undefined) return undefined;
  const command = scriptCommand(source, named.value);
  if (command === undefined) return undefined;
  const text = typeof command === 'string' ? command : commandText(command);
  const { files } = readReceipt(source, named.attachmentDatumId);
  const found = new Map<string, SourceText>([
    ['command', { sha256: sha256Hex(new TextEncoder().encode(text)), text: () => text }],
  ]);
  const open: [path: string, value: unknown][] = Object.entries(fieldsOf(files));
  for (const [path, value] of open) {
    if (typeof value !== 'object' || value === null || found.size === MAX_SCRIPT_FILES) continue;
    if (StoredBlob.is(value)) found.set(path, storedText(source, value as StoredBlob));
    else
      open.push(
        ...Object.entries(fieldsOf(value)).map(([name, each]): [string, unknown] => [
          `${path}/${name}`,
          each,
        ]),
      );
  }
  return { files: found, libraries: [], bundler: '' };
}

function storedText(source: ExplainSource, file: StoredBlob): SourceText {
  return {
    sha256: file.sha256,
    text: () => {
      try {
        const datum = source.read('datum', StoredBlob.datumIdOf(file));
        return datum.kind === 'blob' ? Buffer.concat([...readBlob(datum, source)]).toString() : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
