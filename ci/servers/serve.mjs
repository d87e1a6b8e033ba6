/** Servers as child processes: on a free port of this machine, with a folder of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PROGRAMS, placeOf } from './catalog.mjs';

const START_MS = 60_000;
const STOP_MS = 5_000;
const ATTEMPTS = 3;

/** Calls `body` with the URLs of `count` servers of a program that share one folder, and ends them. */
export async function withServers(name, { count = 1, ...settings }, body) {
  const data = mkdtempSync(join(tmpdir(), `daggerml-${name}-`));
  const servers = [];
  try {
    for (let at = 0; at < count; at += 1) servers.push(await startServer(name, { ...settings, data }));
    return await body(servers.map(({ url }) => url));
  } finally {
    for (const { stop } of servers) await stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function startServer(name, settings) {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    const port = await freePort();
    const command = PROGRAMS[name].start({ ...settings, folder: placeOf(name).folder, port });
    const server = run(name, command);
    const url = `http://127.0.0.1:${port}`;
    if (await isReady(url, server)) return { url, stop: server.stop };
    await server.stop();
    // Another program may have taken the port.
    if (left === 0) throw new Error(`${name} does not start: ${server.output().trim().slice(-300)}`);
  }
}

function run(name, { program, args, env }) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output = `${output}${text}`.slice(-4_000);
    });
  let isOver = false;
  const over = new Promise((resolve) => {
    child.on('error', (error) => {
      output += `${name}: ${error.message}`;
      isOver = true;
      resolve();
    });
    child.on('close', () => {
      isOver = true;
      resolve();
    });
  });
  // No server outlives us, however we end.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const stop = async () => {
    process.off('exit', end);
    if (!isOver) child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await over;
    clearTimeout(timer);
  };
  return { stop, isOver: () => isOver, output: () => output };
}

/** Waits for the first answer of any kind; false where the server ends before it. */
async function isReady(url, server) {
  for (const endMs = Date.now() + START_MS; Date.now() < endMs && !server.isOver(); await pause(50))
    if (await answers(url)) return true;
  return false;
}

function answers(url) {
  return new Promise((resolve) => {
    const asked = request(url, { timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(true);
    });
    asked.on('error', () => resolve(false));
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
