/**
 * Gate: every published package works when it is installed from its tarball, alone, in an empty project.
 *
 * Packs the packages, looks at the tarballs with publint and attw, then makes one project per package:
 * installs it, looks at the licences of all that comes along, imports each of its entry points from strict ESM
 * TypeScript, runs the result and the bins.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture } from '../tools/run/process.mjs';
import { packagesIn, readManifest, root as repositoryRoot, tools } from '../tools/run/workspace.mjs';
import { problemsOf, runGate } from './gate.mjs';
import { licenceProblems } from './licences.mjs';

const pnpmVersion = readManifest(repositoryRoot).packageManager;

export async function check(root) {
  const members = packagesIn('packages', root).filter(({ manifest }) => !manifest.private);
  const scratch = mkdtempSync(join(tmpdir(), 'daggerml packed '));
  try {
    const tarballs = new Map();
    const problems = [];
    for (const { folder, manifest } of members) {
      const packed = await pack(join(root, folder), scratch);
      if (packed.tarball === undefined) problems.push(...packed.problems);
      else tarballs.set(manifest.name, packed.tarball);
    }
    if (problems.length > 0) return problems;
    for (const member of members) {
      const tarball = tarballs.get(member.manifest.name);
      problems.push(...(await lintTarball(member, tarball)), ...(await tryAlone(member, tarballs, scratch)));
    }
    return problems;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function pnpm(args, cwd) {
  return capture('npx', ['--yes', '--prefer-offline', pnpmVersion, ...args], {
    cwd,
    shell: process.platform === 'win32',
  });
}

async function pack(packageFolder, scratch) {
  const destination = mkdtempSync(join(scratch, 'tarball-'));
  const packed = await pnpm(['pack', '--pack-destination', destination], packageFolder);
  const [name] = readdirSync(destination);
  if (packed.code !== 0 || name === undefined)
    return { problems: problemsOf({ ...packed, code: packed.code || 1 }, 'pnpm pack') };
  return { tarball: join(destination, name) };
}

async function lintTarball({ manifest, folder }, tarball) {
  const problems = [];
  const listing = (await capture('tar', ['-tzf', tarball])).stdout.split('\n').filter(Boolean);
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md'])
    if (!listing.includes(`package/${name}`)) problems.push(`${folder}: the tarball has no ${name}`);
  const readme = await capture('tar', ['-xzOf', tarball, 'package/README.md']);
  for (const [, target] of readme.stdout.matchAll(/\]\((\.[^)]*)\)/g))
    problems.push(`${folder}: the README leads to ${target}, which is not in the tarball`);
  const strays = listing.filter((path) =>
    /\.(?:test|child)\.|\.map$|tsbuildinfo|\/(?:src|test|fixtures|node_modules)\//.test(path),
  );
  problems.push(...strays.map((path) => `${folder}: the tarball must not hold ${path}`));
  const publint = await capture(process.execPath, [tools.publint, 'run', tarball, '--strict']);
  problems.push(...problemsOf(publint, `${manifest.name}: publint`));
  const options = ['--profile', 'esm-only', '--no-emoji', '--no-color'];
  const attw = await capture(process.execPath, [tools.attw, tarball, ...options]);
  if (attw.stdout.includes('does not contain types')) problems.push(`${manifest.name}: attw finds no types`);
  problems.push(...problemsOf(attw, `${manifest.name}: attw`));
  return problems;
}

/** Installs one package into an empty project, with its siblings taken from their tarballs. */
async function tryAlone({ manifest }, tarballs, scratch) {
  const project = mkdtempSync(join(scratch, 'project '));
  writeProject(project, manifest, tarballs);
  const installed = await pnpm(['install', '--prefer-offline', '--no-frozen-lockfile'], project);
  if (installed.code !== 0) return problemsOf(installed, `${manifest.name}: pnpm install`);
  const licences = licenceProblems(join(project, 'node_modules'));
  const compiled = await capture(process.execPath, [tools.tsc, '-p', project], { cwd: project });
  const problems = [
    ...licences.map((problem) => `${manifest.name}: ${problem}`),
    ...problemsOf(compiled, `${manifest.name}: tsc of an importing project`),
  ];
  if (compiled.code === 0) {
    const ran = await capture(process.execPath, [join(project, 'out/main.js')], { cwd: project });
    problems.push(...problemsOf(ran, `${manifest.name}: importing it`));
  }
  return [...problems, ...(await tryBins(project, manifest))];
}

function writeProject(project, manifest, tarballs) {
  const overrides = [...tarballs].map(([name, file]) => `  '${name}': 'file:${file}'\n`).join('');
  const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(
    join(project, 'package.json'),
    json({
      name: 'empty-project',
      private: true,
      type: 'module',
      dependencies: { [manifest.name]: `file:${tarballs.get(manifest.name)}` },
      devDependencies: {
        '@types/node': `link:${join(repositoryRoot, 'node_modules/@types/node')}`,
        ...manifest.peerDependencies,
      },
    }),
  );
  writeFileSync(
    join(project, 'pnpm-workspace.yaml'),
    `pmOnFail: ignore\nstrictDepBuilds: false\noverrides:\n${overrides}`,
  );
  writeFileSync(
    join(project, 'tsconfig.json'),
    json({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        types: ['node'],
        skipLibCheck: false,
        outDir: 'out',
        rootDir: 'src',
      },
      include: ['src'],
    }),
  );
  mkdirSync(join(project, 'src'));
  writeFileSync(join(project, 'src/main.ts'), importingProgram(manifest));
}

/** Returns a program that imports every entry point and fails when one exports nothing. */
function importingProgram(manifest) {
  const specifiers = Object.keys(manifest.exports).map((subpath) => manifest.name + subpath.slice(1));
  const imports = specifiers.map((specifier, at) => `import * as entry${at} from '${specifier}';\n`).join('');
  const checks = specifiers
    .map((specifier, at) => `['${specifier}', Object.keys(entry${at}).length],\n`)
    .join('');
  return `${imports}
const counts: readonly (readonly [string, number])[] = [
${checks}];
for (const [name, count] of counts) if (count === 0) throw new Error(name + ' exports nothing');
`;
}

async function tryBins(project, manifest) {
  const problems = [];
  for (const name of Object.keys(manifest.bin ?? {})) {
    const program = join(project, 'node_modules/.bin', name);
    const ran = await capture(program, ['--version'], { cwd: project, shell: process.platform === 'win32' });
    problems.push(...problemsOf(ran, `${name} --version`));
    if (ran.code === 0 && !ran.stdout.includes(manifest.version)) {
      problems.push(`${name} --version says "${ran.stdout.trim()}", the package is ${manifest.version}`);
    }
  }
  return problems;
}

await runGate(import.meta.url, 'packed-packages', check);
