/** The red fixtures of the gates, and copies of them that a test may mend. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tools/run/workspace.mjs';

/** Returns the folder of a fixture. */
export function fixture(name) {
  return join(root, 'ci/fixtures', name);
}

/** Calls `body` with a copy of a fixture in a temporary folder whose name holds a space, then removes it. */
export async function withCopy(name, body) {
  const folder = mkdtempSync(join(tmpdir(), 'daggerml gate '));
  try {
    cpSync(fixture(name), folder, { recursive: true });
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replaces text in a file, and throws when it is not there. */
export function mend(file, search, replacement) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes(search)) throw new Error(`${file} does not hold ${search}`);
  writeFileSync(file, text.replaceAll(search, replacement));
}
