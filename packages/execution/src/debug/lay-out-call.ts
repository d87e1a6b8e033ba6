import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type DatumId, type ExecId, treeEntries } from '@daggerml/object-model';
import {
  adapterNameOf,
  fieldsOf,
  functionName,
  LOCAL_ADAPTER,
  type RanExec,
  RecordReader,
  ranExecOf,
  readFailure,
  receiptOf,
  repositoryError,
  SCRIPT_ADAPTER,
  valueJson,
} from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import { RunObjects } from '../objects/run-objects.ts';
import { layOutFunction } from './lay-out-function.ts';
import { type LayOutParts, writePieces } from './lay-out-parts.ts';
import { layOutScript } from './lay-out-script.ts';
import { layOutSources } from './lay-out-sources.ts';
import { writeBlobs } from './write-blobs.ts';

/** A call that was laid out in a folder. */
export interface LaidOutCall {
  readonly folder: string;
  /** The program and its arguments that make the call, in the folder. */
  readonly command: readonly string[];
  /** Paths of the author's sources, below the folder; none where none are recorded. */
  readonly sources: readonly string[];
}

/**
 * Lays out a call that ran in a folder that is not there yet: inputs, code, sources, what is recorded of it, and what
 * makes the call. Nothing but records is read, and no variable of the environment is written.
 *
 * Throws `adapter_unknown` for a call of another adapter, and errors of the system.
 *
 * @spec DML-EXE-3620
 */
export async function layOutCall(
  store: Store,
  { execId, text, folder }: { readonly execId: ExecId; readonly text: string; readonly folder: string },
): Promise<LaidOutCall> {
  const reader = new RecordReader(store);
  const exec = ranExecOf(reader, execId);
  const datum = exec && reader.readDatum(exec.functionDatumId);
  const uri = datum?.kind === 'uri' ? datum.value : '';
  const adapter = adapterNameOf(uri);
  if (!exec || (adapter !== LOCAL_ADAPTER && adapter !== SCRIPT_ADAPTER))
    throw repositoryError('adapter_unknown', { uri });
  // @spec DML-EXE-3621
  mkdirSync(folder);
  try {
    return await fillFolder({ objects: new RunObjects(store), reader, folder }, { exec, text, uri, adapter });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

interface CallToLayOut {
  readonly exec: RanExec;
  readonly text: string;
  readonly uri: string;
  readonly adapter: string;
}

async function fillFolder(
  parts: LayOutParts,
  { exec, text, uri, adapter }: CallToLayOut,
): Promise<LaidOutCall> {
  const { reader, folder } = parts;
  const inputIds: DatumId[] = [...treeEntries('values', exec.inputs, reader)];
  const receipt = fieldsOf(receiptOf(reader, exec));
  const { log: _, sources: recorded, ...conditions } = receipt;
  const sources = await layOutSources(parts, fieldsOf(recorded).files);
  const isScript = adapter === SCRIPT_ADAPTER;
  const inputs = isScript ? [] : await layOutInputs(parts, inputIds);
  const code = isScript ? await layOutScript(parts, uri, inputIds) : await layOutFunction(parts, uri);
  const { nodeId, status, startedMs, finishedMs } = exec;
  writeJson(join(folder, 'call.json'), {
    call: text,
    function: functionName(uri),
    nodeId,
    execId: exec.execId,
    status,
    ...(status === 'error' && { failure: readFailure(exec, reader) }),
    startedMs,
    finishedMs,
    conditions,
    inputs,
    ...code.facts,
  });
  return { folder, command: code.command, sources };
}

/** Writes each input as JSON, and its blobs as files; returns their paths. */
async function layOutInputs(parts: LayOutParts, inputIds: readonly DatumId[]): Promise<string[]> {
  const { reader, folder } = parts;
  const paths: string[] = [];
  for (const [index, datumId] of inputIds.entries()) {
    const path = `inputs/${index}.json`;
    writePieces(join(folder, path), valueJson(reader, reader.readDatum(datumId)));
    await writeBlobs(parts, datumId);
    paths.push(path);
  }
  return paths;
}

function writeJson(place: string, value: object): void {
  const plain = (_key: string, each: unknown): unknown => (typeof each === 'bigint' ? String(each) : each);
  writePieces(place, [JSON.stringify(value, plain, 2)]);
}
