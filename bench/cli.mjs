import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../packages/cli/', import.meta.url));

/** Makes the program that users install, the compiled modules bundled into few files, and returns its path. */
export function bundledCli() {
  execFileSync(process.execPath, [`${cli}bundle.mjs`], { stdio: 'inherit' });
  return `${cli}dist/program/dml.js`;
}
