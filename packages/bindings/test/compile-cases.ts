import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const packageFolder = join(import.meta.dirname, '..');
const root = join(packageFolder, '../..');
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');

/** A consumer's compiler options: strict, and without those that this repository adds. */
const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'es2024.string'],
  module: 'nodenext',
  strict: true,
  types: ['node'],
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  customConditions: ['@daggerml/source'],
};

/**
 * Compiles statements, each in a function of its own, in one program; yields for each the errors that the compiler
 * has for it, without positions.
 */
export function compileCases(prelude: string, cases: readonly string[]): string[] {
  const parent = join(packageFolder, 'node_modules');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, '.types-'));
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['cases.ts'] }));
    const lines = cases.map((code, at) => `async function case${at}() { ${code.replaceAll('\n', ' ')} }`);
    writeFileSync(
      join(folder, 'cases.ts'),
      [prelude.replaceAll('\n', ' '), ...lines, 'export {};', ''].join('\n'),
    );
    const { stdout, error } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (error) throw error;
    return errorsByLine(stdout, cases.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Errors elsewhere are not those of the cases: the types of the packages have a gate of their own. */
function errorsByLine(output: string, count: number): string[] {
  const found = Array.from({ length: count }, () => '');
  let at: number | undefined;
  for (const line of output.split('\n')) {
    const [, file, number, text = ''] = /^(\S+?)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    if (file !== undefined) at = file === 'cases.ts' ? Number(number) - 2 : undefined;
    else if (!line.startsWith(' ') && line !== '') throw new Error(`the cases were not compiled: ${output}`);
    if (at === undefined) continue;
    if (!(at in found)) throw new Error(`the prelude does not compile: ${output}`);
    if (line !== '') found[at] += `${file === undefined ? line : text}\n`;
  }
  return found;
}
