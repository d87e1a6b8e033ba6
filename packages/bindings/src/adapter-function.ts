import type { FunctionRef } from '@daggerml/capture';
import { Uri } from '@daggerml/values';

const SCHEME = 'dml+exec:';

/**
 * Returns the URI of a function of an Execution Adapter; undefined for one of a file.
 *
 * @spec DML-EXE-3223
 */
export function adapterFunctionUri({ moduleUrl, exportName }: FunctionRef): Uri | undefined {
  if (!moduleUrl.startsWith(SCHEME)) return undefined;
  const [path = '', ...queries] = moduleUrl.split('?');
  const query = queries.length === 0 ? '' : `?${queries.join('?')}`;
  return Uri.fromString(`${path.replace(/\/$/, '')}/${encodeURIComponent(exportName)}${query}`);
}
