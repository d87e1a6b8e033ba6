/** Placeholders that a runner fills in: `%s`, `%#`, `$name`, `$a.b`, and `%s` for the hole of a template. */
const HOLE = /%[a-zA-Z#$]|\$[\w#.]+/;

/** Returns whether the runner fills a title in, so that the source does not tell the whole of it. */
export function hasHoles(title: string): boolean {
  return HOLE.test(title);
}

/** Returns whether a title that a runner reports can come from a title that a source declares. */
export function titleMatches(declared: string, reported: string): boolean {
  if (declared === reported) return true;
  if (!hasHoles(declared)) return false;
  const fixed = declared.split(new RegExp(HOLE, 'g')).map((part) => part.replaceAll('%%', '%').trim());
  const pattern = fixed.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*');
  return new RegExp(`^${pattern}$`).test(reported);
}
