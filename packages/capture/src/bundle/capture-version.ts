import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version as bundlerVersion } from 'esbuild';
import { authoringModule } from '../source-file.ts';

const NAME = 'capture-version';
let known: string | undefined;

/**
 * Names everything but the bundler's output that a capture depends on: the very code of this folder and of the
 * libraries that it reads code with, by their bytes, and the versions of Node and of the bundler. Undefined where that
 * code cannot be told.
 */
export function captureVersion(): string | undefined {
  known ??= currentVersion();
  return known;
}

function currentVersion(): string | undefined {
  try {
    const own = fileURLToPath(import.meta.url);
    // Inside of another file, the folder says nothing about the code.
    if (!basename(own).startsWith(`${NAME}.`)) return undefined;
    const hash = createHash('sha256');
    for (const path of [...codeIn(dirname(own)), ...libraries()]) {
      // What the process has loaded may be older.
      if (statSync(path).ctimeMs >= performance.timeOrigin) return undefined;
      hash.update(`${basename(path)}\n`).update(readFileSync(path));
    }
    hash.update(JSON.stringify([process.version, bundlerVersion, authoringModule()]));
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

function codeIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => /(?<!\.test|\.d)\.[jt]s$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

function libraries(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const traceMapping = resolve('@jridgewell/trace-mapping');
  const below = createRequire(traceMapping).resolve;
  return [
    resolve('acorn'),
    traceMapping,
    below('@jridgewell/sourcemap-codec'),
    below('@jridgewell/resolve-uri'),
  ];
}
