#!/usr/bin/env node
import { run } from './dispatch.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const { stdout, stderr, exitCode } = await run(process.argv.slice(2), process.cwd(), say);
if (stdout !== '') process.stdout.write(`${stdout}\n`);
if (stderr !== '') say(stderr);
process.exitCode = exitCode;
