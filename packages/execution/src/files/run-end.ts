/** One entry in so many ends a run, on average. */
const RUN_ENTRIES = 512;
/** Most entries of a run. */
const MAX_RUN_ENTRIES = 4096;

/**
 * Checks whether a run of entries in the order of their paths ends behind a path. The path alone decides, so that what
 * comes and goes elsewhere leaves the other runs as they are.
 */
export function endsRun(path: string, entries: number): boolean {
  let hash = 0;
  for (let at = 0; at < path.length; at += 1) hash = (Math.imul(hash, 0x01000193) ^ path.charCodeAt(at)) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) % RUN_ENTRIES === 0 || entries >= MAX_RUN_ENTRIES;
}
