/**
 * Gate: dependencies point one way, and packages meet by their names only.
 *
 * `LINE` is the line of docs/ARCHITECTURE.md, which must show it word for word. The testkit is a leaf for
 * tests; tools and the root scripts import no package. That what is imported is exported, the compiler
 * sees to.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { packagesIn } from '../tools/run/workspace.mjs';
import { filesBelow, runGate } from './gate.mjs';

/** Rooms from the floor up; a package may use every room below its own, and no neighbour in it. */
export const LINE = [
  ['object-model'],
  ['values', 'store'],
  ['repository'],
  ['capture', 'remotes'],
  ['execution'],
  ['bindings'],
  ['cli'],
];
const LEAF = 'testkit';
const SCOPE = '@daggerml/';
const isSource = (path) => /\.(?:ts|mjs|js)$/.test(path);
const isTest = (path) => /\.test\.(?:ts|mjs)$/.test(path) || path.startsWith('test/');

export function check(root) {
  const members = packagesIn('packages', root);
  return [
    ...architectureProblems(root),
    ...members.flatMap((member) => manifestProblems(member)),
    ...members.flatMap((member) => importProblems(root, member)),
    ...packagesIn('tools', root).flatMap((tool) => toolProblems(root, tool)),
  ];
}

function architectureProblems(root) {
  const page = join(root, 'docs/ARCHITECTURE.md');
  const line = LINE.map((names) => names.join(', ')).join(' ← ');
  if (existsSync(page) && readFileSync(page, 'utf8').includes(line)) return [];
  return [`docs/ARCHITECTURE.md does not show the dependency line: ${line}`];
}

/** Returns the packages that `name` may depend on: what comes before it in the line. */
function allowed(name) {
  const room = LINE.findIndex((names) => names.includes(name));
  return LINE.slice(0, Math.max(room, 0)).flat();
}

function manifestProblems({ folder, manifest }) {
  const name = folder.slice('packages/'.length);
  if (name !== LEAF && !LINE.flat().includes(name)) return [`${folder}: not in the dependency line`];
  const problems = [];
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'devDependencies']) {
    for (const dependency of Object.keys(manifest[field] ?? {}).filter((key) => key.startsWith(SCOPE))) {
      const short = dependency.slice(SCOPE.length);
      const isFine =
        allowed(name).includes(short) || (field === 'devDependencies' && short === LEAF && name !== LEAF);
      if (!isFine) problems.push(`${folder}/package.json: ${field} must not name ${dependency}`);
    }
  }
  return problems;
}

function importProblems(root, { folder, manifest }) {
  const name = folder.slice('packages/'.length);
  const problems = [];
  for (const { file, line, specifier } of importsBelow(root, folder)) {
    const problem = specifier.startsWith('.')
      ? relativeProblem(file, specifier)
      : siblingProblem({ name, manifest }, file, specifier);
    if (problem !== undefined) problems.push(`${folder}/${file}:${line}: ${problem}: ${specifier}`);
  }
  return problems;
}

function relativeProblem(file, specifier) {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  return target.startsWith('../') && !/^(?:\.\.\/){2}vectors\//.test(target)
    ? 'import leaves the package'
    : undefined;
}

function siblingProblem({ name, manifest }, file, specifier) {
  if (!specifier.startsWith(SCOPE)) return undefined;
  const [, short = ''] = specifier.split('/');
  if (short === name) return undefined;
  if (short === LEAF) return isTest(file) ? undefined : 'the testkit is for tests';
  if (!allowed(name).includes(short)) return 'import against the dependency line';
  const declared = { ...manifest.dependencies, ...(isTest(file) && manifest.devDependencies) };
  return `${SCOPE}${short}` in declared ? undefined : 'import of an undeclared dependency';
}

function toolProblems(root, { folder, manifest }) {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const problems = declared
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => `${folder}/package.json: a tool must not name ${name}`);
  for (const { file, line, specifier } of importsBelow(root, folder)) {
    if (specifier.startsWith(SCOPE))
      problems.push(`${folder}/${file}:${line}: a tool imports no package: ${specifier}`);
  }
  return problems;
}

/** Returns the static, dynamic and type imports of the sources below a folder, as the compiler sees them. */
function importsBelow(root, folder) {
  return filesBelow(join(root, folder), isSource).flatMap((file) => {
    const text = readFileSync(join(root, folder, file), 'utf8');
    return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName, pos }) => ({
      file,
      line: text.slice(0, pos).split('\n').length,
      specifier: fileName,
    }));
  });
}

await runGate(import.meta.url, 'dependency-line', check);
