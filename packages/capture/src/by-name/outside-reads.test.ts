import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

function readsOf(expression: string): string[] {
  const source = `
import fs, { readFileSync as read } from 'node:fs';
import * as promises from 'fs/promises';
import crypto, { createHash, randomUUID } from 'node:crypto';
import { performance as timer } from 'node:perf_hooks';
import { request } from 'node:https';
import { execFile } from 'child_process';
import { hostname } from 'os';
import own, { env } from 'process';
import { join } from 'node:path';
const all = [fs, read, promises, crypto, createHash, randomUUID, timer, request, execFile, hostname, own, env, join];
export const other = () => all;
export const clean = (x: any) => ${expression};`;
  return fixture.capture(source).ambientInputs.map(({ kind, what, line }) => `${kind}: ${what} in ${line}`);
}

describe('what a function reads beside its inputs', () => {
  it.each([
    ['fs.readdirSync(x)', 'files: readdirSync of node:fs in 13'],
    ['read(x)', 'files: readFileSync of node:fs in 13'],
    ['promises.readFile(x)', 'files: readFile of node:fs/promises in 13'],
    ['request(x)', 'network: request of node:https in 13'],
    ['fetch(x)', 'network: fetch in 13'],
    ['new WebSocket(x)', 'network: WebSocket in 13'],
    ['execFile(x)', 'processes: execFile of node:child_process in 13'],
    ['Date.now()', 'clock: Date.now in 13'],
    ['new Date()', 'clock: Date in 13'],
    ['new Date', 'clock: Date in 13'],
    ['timer.now()', 'clock: performance.now of node:perf_hooks in 13'],
    ['globalThis.performance.now()', 'clock: performance.now in 13'],
    ['own.hrtime.bigint()', 'clock: hrtime.bigint of node:process in 13'],
    ['Math.random()', 'randomness: Math.random in 13'],
    ['[x].map(Math.random)', 'randomness: Math.random in 13'],
    ['globalThis.crypto.randomUUID()', 'randomness: crypto.randomUUID in 13'],
    ['randomUUID()', 'randomness: randomUUID of node:crypto in 13'],
    ['crypto.randomBytes(8)', 'randomness: randomBytes of node:crypto in 13'],
    ['process.env.HOME', 'environment: process.env.HOME in 13'],
    ['process["env"]', 'environment: process.env in 13'],
    ['env.HOME', 'environment: env.HOME of node:process in 13'],
    ['hostname()', 'environment: hostname of node:os in 13'],
    ['{ const { env: { HOME } } = process; return HOME }', 'environment: process.env in 13'],
    ['{ const { ...rest } = process; return rest }', 'environment: process in 13'],
    ['{ const { randomUUID: id } = crypto; return id() }', 'randomness: randomUUID of node:crypto in 13'],
    ['import("node:fs")', 'files: node:fs in 13'],
  ])('is named with its place: %s [DML-EXE-0524]', (expression, read) => {
    expect(readsOf(expression)).toEqual([read]);
  });

  const imports = `import v8 from 'node:v8'; import { threadId } from 'node:worker_threads'; import sqlite from 'node:sqlite'; import path, { posix, resolve } from 'node:path'; import { pathToFileURL } from 'url'; import util from 'util'; import perf, { monitorEventLoopDelay } from 'perf_hooks'; import crypto from 'crypto'; import { executionAsyncId } from 'async_hooks';`;
  const listed = (expression: string): string[] => {
    const source = `${imports}\nexport const clean = async (x) =>\n  ${expression};`;
    const { ambientInputs } = fixture.capture({ 'own.mjs': source }, 'clean', 'own.mjs');
    return ambientInputs.map(({ kind, what, line }) => `${kind}: ${what} in ${line}`);
  };

  it.each([
    ['v8.getHeapStatistics()', 'environment: getHeapStatistics of node:v8'],
    ['threadId', 'environment: threadId of node:worker_threads'],
    ['process.execPath', 'environment: process.execPath'],
    ['process.stdout.columns', 'environment: process.stdout.columns'],
    ['process.features.inspector', 'environment: process.features.inspector'],
    ['navigator.hardwareConcurrency', 'environment: navigator.hardwareConcurrency'],
    ['localStorage.getItem("a")', 'environment: localStorage.getItem'],
    ['new WeakRef(x).deref()', 'environment: WeakRef'],
    ['new FinalizationRegistry(x)', 'environment: FinalizationRegistry'],
    ['new sqlite.DatabaseSync("a")', 'files: DatabaseSync of node:sqlite'],
    ['process.kill(1)', 'processes: process.kill'],
    ['path.resolve(x)', 'environment: resolve of node:path'],
    ['path.resolve("a")', 'environment: resolve of node:path'],
    ['resolve("a")', 'environment: resolve of node:path'],
    ['x.map(resolve)', 'environment: resolve of node:path'],
    ['posix.resolve("a")', 'environment: posix.resolve of node:path'],
    ['path.relative("/a", x)', 'environment: relative of node:path'],
    ['x(path)', 'environment: node:path'],
    ['pathToFileURL("a")', 'environment: pathToFileURL of node:url'],
    ['util.parseArgs()', 'environment: parseArgs of node:util'],
    ['monitorEventLoopDelay()', 'clock: monitorEventLoopDelay of node:perf_hooks'],
    ['perf.performance.timeOrigin', 'clock: performance.timeOrigin of node:perf_hooks'],
    ['performance.mark("a")', 'clock: performance.mark'],
    ['crypto.getCiphers()', 'environment: getCiphers of node:crypto'],
    ['crypto.sign(x, x, x)', 'randomness: sign of node:crypto'],
    ['executionAsyncId()', 'environment: executionAsyncId of node:async_hooks'],
    ['new Intl.DateTimeFormat().resolvedOptions()', 'environment: Intl.DateTimeFormat'],
    ['(await import("os")).hostname()', 'environment: hostname of node:os'],
  ])('is named where it is not known to be pure: %s [DML-CAP-0010]', (expression, read) => {
    expect(listed(expression)).toEqual([`${read} in 3`]);
  });

  it.each([
    ['{ const p = process; return p.execPath }', 'environment: process.execPath'],
    ['{ const { execPath: p } = process; return p }', 'environment: process.execPath'],
    ['{ let d = Date; return d.now() }', 'clock: Date.now'],
    ['{ const { Date: D } = globalThis; return new D() }', 'clock: Date'],
    ['{ const os = await import("os"); return os.hostname() }', 'environment: hostname of node:os'],
    ['(process).execPath', 'environment: process.execPath'],
  ])('is named by what it is where it has another name: %s [DML-CAP-0920]', (expression, read) => {
    expect(listed(expression)).toEqual([`${read} in 3`]);
  });

  it('is named where a file only exports it again [DML-CAP-0929]', () => {
    const files = {
      'own.mjs': `import { read, join } from './again.mjs'; export const clean = (x) => read(join(x, 'a'));\nexport { hostname } from 'os';`,
      'again.mjs': `import { readFileSync } from 'node:fs';\nexport { readFileSync as read };\nexport { now } from './now.mjs'; export * from 'node:path'; export * as os from 'node:os';`,
      'now.mjs': 'export const now = Date.now;',
    };
    const readsBy = (exportName: string): unknown =>
      fixture.capture(files, exportName, 'own.mjs').ambientInputs.map(({ kind, what }) => `${kind}: ${what}`);
    expect(readsBy('clean')).toEqual(['files: readFileSync of node:fs']);
    expect(readsBy('hostname')).toEqual(['environment: hostname of node:os']);
  });

  it('is named in CommonJS by what is used of a module [DML-CAP-0920]', () => {
    const source = `const path = require('path'); const fs = require('node:fs'); const { now } = Date;
      exports.clean = (x) => [path.join(x, 'a'), fs.statSync(x), now()];`;
    const { ambientInputs } = fixture.capture({ 'own.cjs': source }, 'clean', 'own.cjs');
    expect(ambientInputs.map(({ what }) => what)).toEqual(['Date.now', 'statSync of node:fs']);
    const typed = `import path = require('path');\nexport const clean = (x: string) => [path.dirname(x), path.resolve(x)];`;
    const { ambientInputs: ofTyped } = fixture.capture({ 'own.cts': typed }, 'clean', 'own.cts');
    expect(ofTyped.map(({ what, line }) => [what, line])).toEqual([['resolve of node:path', 2]]);
  });

  it('is nothing that gives the same for the same inputs [DML-CAP-0017]', () => {
    const source = `import { deepStrictEqual } from 'node:assert'; import { deserialize, serialize } from 'node:v8'; import { gzipSync } from 'node:zlib';
      import { inspect } from 'node:util'; import { EventEmitter } from 'node:events'; import path, { join } from 'node:path'; import { pathToFileURL } from 'node:url'; import * as all from 'node:async_hooks'; import { webcrypto } from 'node:crypto'; globalThis.mine = 1;
      export const clean = (x) => [deepStrictEqual, deserialize(serialize(x)), gzipSync(x), inspect(x), new EventEmitter(), mine,
        structuredClone(x), new URL(x), new Intl.NumberFormat('en'), typeof process, typeof fetch, typeof navigator, path.dirname(x), path.resolve('/a', x), join(x), pathToFileURL('/a'), path.posix.join(x), all.AsyncLocalStorage, webcrypto.subtle.digest(x), new Intl.DateTimeFormat('en', x), setTimeout(x), console.log(x), process.stdout.write(x), crypto.subtle.digest('SHA-256', x)];`;
    expect(fixture.capture({ 'steps.js': source }, 'clean', 'steps.js').ambientInputs).toEqual([]);
  });

  it.each([
    'new Date(x)',
    'Date.UTC(x, 1)',
    'Math.max(x, 1)',
    'createHash("sha256").update(x)',
    'join(x, "b")',
    'x.fetch(x.Date.now, x.process.env)',
    '((Math) => Math.random())(x)',
    'process.stdout.write(x)',
  ])('is nothing for %s', (expression) => {
    expect(readsOf(expression)).toEqual([]);
  });

  it('is each named once, at its first place, and leaves libraries aside', () => {
    const captured = fixture.capture({
      'steps.ts': `import { stamp } from './stamp.ts'; import { now } from 'lib';
export const clean = () => [
  now(),
  Math.random(),
  stamp(), Math.random(), Math.random(),
];`,
      'stamp.ts': '\n\nexport const stamp = () => Date.now();',
      'node_modules/lib/package.json': '{"name":"lib","type":"module","exports":"./index.js"}',
      'node_modules/lib/index.js':
        'import fs from "node:fs"; export const now = () => [Date.now(), fs.readdirSync("."), process.env.X, process.cwd()];',
    });
    expect(captured.ambientInputs).toEqual([
      { kind: 'clock', what: 'Date.now', file: expect.stringMatching(/stamp\.ts$/), line: 3 },
      { kind: 'randomness', what: 'Math.random', file: expect.stringMatching(/steps\.ts$/), line: 4 },
    ]);
  });

  it('is named by its file whatever characters that has [DML-EXE-0524]', () => {
    const captured = fixture.capture({
      'steps.ts': `export { clean } from './100 % größe/a+b.ts';`,
      '100 % größe/a+b.ts': '\n\nexport const clean = () => Date.now();',
    });
    expect(captured.ambientInputs).toEqual([
      { kind: 'clock', what: 'Date.now', file: expect.stringMatching(/\/100 % größe\/a\+b\.ts$/), line: 3 },
    ]);
  });
});
