/**
 * Removes `.` and `..` segments from a path that begins with `/`, as RFC 3986 section 5.2.4 does.
 *
 * @spec DML-OBJ-0609
 */
export function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const segments = path.slice(1).split('/');
  const kept: string[] = [];
  segments.forEach((segment, index) => {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    // A dot segment at the end leaves the slash before it.
    else if (isLast) kept.push('');
  });
  return `/${kept.join('/')}`;
}
