#!/usr/bin/env node
import { run } from './dispatch.ts';

const today = new Date().toISOString().slice(0, 10);
const { stdout, stderr, exitCode } = await run(process.argv.slice(2), {
  folder: process.cwd(),
  today,
  say: (text) => process.stderr.write(`${text}\n`),
});
if (stdout !== '') process.stdout.write(`${stdout}\n`);
if (stderr !== '') process.stderr.write(`${stderr}\n`);
process.exitCode = exitCode;
