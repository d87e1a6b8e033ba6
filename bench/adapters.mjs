/** Adapters that are executables, in the languages that this machine has. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { stdout: python } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
});
const SOURCES = [
  { language: 'node', interpreter: process.execPath, file: 'dml-node.mjs' },
  { language: 'python', interpreter: python?.trim(), file: 'dml-python.py' },
];

/** Writes the adapters into a folder that is to be their PATH, and returns them. */
export function writeAdapters(folder) {
  return SOURCES.filter(({ interpreter }) => interpreter).map(({ language, interpreter, file }) => {
    const name = `dml-${language}`;
    const program = join(folder, name);
    const source = readFileSync(join(import.meta.dirname, 'fixtures', file), 'utf8');
    writeFileSync(program, `#!${interpreter}\n${source}`);
    chmodSync(program, 0o755);
    return { language, name, program };
  });
}

/** Returns the options of a repository whose adapters are in a folder. */
export function adaptersIn(folder, capabilities) {
  const environment = { CAPABILITIES: JSON.stringify(capabilities) };
  return { executables: { searchPath: folder, environment } };
}

/** Starts an adapter for one question, and resolves to its answer when it has ended. */
export function askOnce(program, question) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { env: { CAPABILITIES: '{}' }, stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`ended with ${code}`)),
    );
    child.stdin.end(`${JSON.stringify(question)}\n`);
  });
}
