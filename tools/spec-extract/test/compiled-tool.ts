import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll } from 'vitest';

const PACKAGE = join(import.meta.dirname, '..');

/** How a process ended, and what it printed. */
export interface ProcessEnding {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
}

/** Compiles the sources as they are now, once per test file; yields the command. Gone when the file is over. */
export function useCompiledTool(): { readonly command: string } {
  const tool = { command: '' };
  let folder = '';
  beforeAll(() => {
    // Below node_modules, so that dependencies resolve and nothing else looks at it.
    folder = mkdtempSync(join(PACKAGE, 'node_modules', '.compiled-'));
    tool.command = compileInto(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return tool;
}

function compileInto(folder: string): string {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const sources = readdirSync(join(PACKAGE, 'src'), { recursive: true, encoding: 'utf8' });
  for (const source of sources.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))) {
    const target = join(folder, source.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(readFileSync(join(PACKAGE, 'src', source), 'utf8')));
  }
  return join(folder, 'cli.js');
}

/** Runs the command; `interfere` may kill it. */
export function runTool(
  command: string,
  args: readonly string[],
  options: {
    readonly folder: string;
    readonly environment?: NodeJS.ProcessEnv;
    interfere?(tool: { kill(signal: NodeJS.Signals): void }): unknown;
  },
): Promise<ProcessEnding> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [command, ...args], {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    options.interfere?.({ kill: (signal) => child.kill(signal) });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ stdout, stderr, code, signal, durationMs: performance.now() - start });
    });
  });
}

function compile(text: string): string {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
  };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}
