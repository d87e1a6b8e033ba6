import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from '../src/source-file.ts';

/** Writes an executable and returns its path. */
export function writeProgram(folder: string, name: string, source: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const path = join(folder, name);
  writeFileSync(path, source);
  chmodSync(path, 0o755);
  return path;
}

/** Writes an executable that is one of this package, and returns its path. */
export function boxedProgram(folder: string, name: string): string {
  const command = `exec "${process.execPath}" "${programFile(name)}" "$@"`;
  return writeProgram(folder, name, `#!/bin/sh\n${command}\n`);
}
