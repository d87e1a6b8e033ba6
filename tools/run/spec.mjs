/** `npm run spec -- <ID>`: what the specification says, and which code and tests answer to it. */
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compileProject } from './build.mjs';
import { install } from './install.mjs';
import { script } from './process.mjs';
import { root, tools } from './workspace.mjs';

const TOOL = 'tools/spec-extract';
const SOURCES = join(root, TOOL, 'src');

await script(async () => {
  if (!isBuilt()) await buildTool();
  // In this process: a second one would cost as much time as the answer.
  process.argv.splice(1, 1, tools.specExtract);
  await import(pathToFileURL(tools.specExtract).href);
  return process.exitCode;
});

/** Checks whether the tool was compiled after its sources last changed. */
function isBuilt() {
  if (!existsSync(tools.specExtract)) return false;
  const builtAtMs = statSync(tools.specExtract).mtimeMs;
  const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' });
  return sources.every((path) => statSync(join(SOURCES, path)).mtimeMs <= builtAtMs);
}

/** Builds nothing but the tool, so that it answers also while a package does not compile. */
async function buildTool() {
  await install();
  if (!(await compileProject(TOOL))) throw new Error('the build failed: see the messages above');
  // The compiler leaves a file alone whose text stays the same.
  utimesSync(tools.specExtract, new Date(), new Date());
}
