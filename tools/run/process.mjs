/** Child processes of the root scripts: no shell, output passed on or captured, exit status as a value. */
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { root } from './workspace.mjs';

/** Runs a program to its end with our own stdio; returns its exit code, 128 when a signal ended it. */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/** Runs a program to its end and returns `{ code, output, stdout }`; `output` is in order of arrival. */
export function capture(program, args, options = {}) {
  return runPiped(program, args, { ...options, onText: () => undefined });
}

/** Runs a command as `capture` does and passes its output to `onText` as it arrives. */
export function runPiped(program, args, { onText, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    let stdout = '';
    const take = (text) => {
      output += text;
      onText(text);
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      take(text);
    });
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 128, output, stdout }));
  });
}

/** Runs a JavaScript file with the Node that runs us. */
export function runNode(script, args = [], options = {}) {
  return run(process.execPath, [script, ...args], options);
}

/** Prints progress to stderr; stdout is for results. */
export function say(text) {
  process.stderr.write(`\n» ${text}\n`);
}

/** Checks whether the module at `moduleUrl` is the main program, not an import. */
export function isProgram(moduleUrl) {
  const program = process.argv[1];
  return program !== undefined && pathToFileURL(realpathSync(program)).href === moduleUrl;
}

/** Runs the body of a root script: its number is the exit code, an error is printed without a stack. */
export async function script(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
