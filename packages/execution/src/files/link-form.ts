import { isLinkTarget } from '@daggerml/object-model';

/**
 * Returns the path that a kept link holds: that of the file system without `.` and what slashes are too many. Undefined
 * for a link that leads out of the folder, or to a place that such a path cannot say.
 *
 * `path` is that of the link, below the outermost folder that it may lead to.
 *
 * @spec DML-BND-0921
 */
export function keptTarget(path: string, target: string): string | undefined {
  if (target.startsWith('/')) return undefined;
  const written = target
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return isLinkTarget(path, written) ? written : undefined;
}
