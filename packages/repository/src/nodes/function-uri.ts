import type { DatumId } from '@daggerml/object-model';
import { repositoryError } from '../errors.ts';

/** The adapter that runs captured TypeScript functions in threads of this process. */
export const LOCAL_ADAPTER = 'dml-worker';

/** The adapter that runs captured scripts as programs of this machine. */
export const SCRIPT_ADAPTER = 'dml-script';

/** Parts of the URI of a captured function. */
export interface FunctionUri {
  readonly bundleDatumId: DatumId;
  readonly exportName: string;
  /** A list of the bundle and of the functions that it calls as calls of their own; undefined where there are none. */
  readonly calleesDatumId?: DatumId | undefined;
}

/** Parts of the URI of a captured script. */
export interface ScriptUri {
  readonly scriptDatumId: DatumId;
  readonly name: string;
}

/**
 * Names a captured function by its content.
 *
 * @spec DML-EXE-0501
 */
export function formatFunctionUri({ bundleDatumId, exportName, calleesDatumId }: FunctionUri): string {
  const query = calleesDatumId === undefined ? '' : `?calls=${calleesDatumId}`;
  return `${format(LOCAL_ADAPTER, bundleDatumId, exportName)}${query}`;
}

/**
 * Names a captured script by its content.
 *
 * @spec DML-EXE-3320
 */
export function formatScriptUri({ scriptDatumId, name }: ScriptUri): string {
  return format(SCRIPT_ADAPTER, scriptDatumId, name);
}

function format(adapter: string, datumId: DatumId, name: string): string {
  return `dml+exec://${adapter}/${datumId}/${encodeURIComponent(name)}`;
}

/** Returns the name of the adapter that a function's URI names; undefined for another URI. */
export function adapterNameOf(uri: string): string | undefined {
  return /^dml\+exec:\/\/([^/?#]+)/.exec(uri)?.[1];
}

/** Reads the URI of a function; throws `adapter_unknown` for one that no adapter here runs. */
export function parseFunctionUri(uri: string): FunctionUri {
  const { datumId: bundleDatumId, name: exportName, calls } = parse(LOCAL_ADAPTER, uri);
  return { bundleDatumId, exportName, ...(calls !== undefined && { calleesDatumId: calls }) };
}

/** Reads the URI of a script; throws `adapter_unknown` for one that is none. */
export function parseScriptUri(uri: string): ScriptUri {
  const { datumId: scriptDatumId, name, calls } = parse(SCRIPT_ADAPTER, uri);
  if (calls !== undefined) throw repositoryError('adapter_unknown', { uri });
  return { scriptDatumId, name };
}

interface UriParts {
  readonly datumId: DatumId;
  readonly name: string;
  readonly calls: DatumId | undefined;
}

function parse(adapter: string, uri: string): UriParts {
  const match = /^dml\+exec:\/\/([^/]*)\/([0-9a-f]{64})\/([^/?#]+)(?:\?calls=([0-9a-f]{64}))?$/.exec(uri);
  if (!match || match[1] !== adapter) throw repositoryError('adapter_unknown', { uri });
  const [, , datumId, name = '', calls] = match;
  return { datumId: datumId as DatumId, name: decodeURIComponent(name), calls: calls as DatumId | undefined };
}
