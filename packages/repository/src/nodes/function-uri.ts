import type { DatumId } from '@daggerml/object-model';
import { repositoryError } from '../errors.ts';

/** The adapter that runs captured TypeScript functions in threads of this process. */
export const LOCAL_ADAPTER = 'dml-worker';

/** Parts of the URI of a captured function. */
export interface FunctionUri {
  readonly bundleDatumId: DatumId;
  readonly exportName: string;
  /** A list of the bundle and of the functions that it calls as calls of their own; undefined where there are none. */
  readonly calleesDatumId?: DatumId | undefined;
}

/**
 * Names a captured function by its content.
 *
 * @spec DML-EXE-0501
 */
export function formatFunctionUri({ bundleDatumId, exportName, calleesDatumId }: FunctionUri): string {
  const query = calleesDatumId === undefined ? '' : `?calls=${calleesDatumId}`;
  return `dml+exec://${LOCAL_ADAPTER}/${bundleDatumId}/${encodeURIComponent(exportName)}${query}`;
}

/** Returns the name of the adapter that a function's URI names; undefined for another URI. */
export function adapterNameOf(uri: string): string | undefined {
  return /^dml\+exec:\/\/([^/?#]+)/.exec(uri)?.[1];
}

/** Reads the URI of a function; throws `adapter_unknown` for one that no adapter here runs. */
export function parseFunctionUri(uri: string): FunctionUri {
  const match = /^dml\+exec:\/\/([^/]*)\/([0-9a-f]{64})\/([^/?#]+)(?:\?calls=([0-9a-f]{64}))?$/.exec(uri);
  if (!match || match[1] !== LOCAL_ADAPTER) throw repositoryError('adapter_unknown', { uri });
  return {
    bundleDatumId: match[2] as DatumId,
    exportName: decodeURIComponent(match[3] as string),
    ...(match[4] !== undefined && { calleesDatumId: match[4] as DatumId }),
  };
}
