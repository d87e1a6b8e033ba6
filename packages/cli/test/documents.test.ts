import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { PROGRAM } from './started-program.ts';

// Each runs a page of commands, one process after the other.
vi.setConfig({ testTimeout: 240_000 });

const ROOT = join(import.meta.dirname, '../../..');
const DOCUMENTS = [
  'README.md',
  'docs/typescript.md',
  ...readdirSync(join(ROOT, 'docs/recipes'), 'utf8').map((name) => `docs/recipes/${name}`),
  'docs/ops.md',
  'packages/bindings/README.md',
  'packages/cli/README.md',
  'packages/object-model/README.md',
  'packages/store/README.md',
];

/** Lines of shell that need a whole checkout or a registry, and the gate that runs them. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm run demo': 'ci/clean-checkout.mjs',
  'npm test': 'ci/clean-checkout.mjs',
  'npm run pack -- ../daggerml-packages': 'ci/packed-packages.mjs',
  'npm init -y && npm pkg set type=module': 'ci/packed-packages.mjs',
  'npm install ../daggerml-packages/*.tgz': 'ci/packed-packages.mjs',
  'npm install --save-dev typescript @types/node': 'ci/packed-packages.mjs',
  'npm install --global @daggerml/cli': 'ci/packed-packages.mjs',
};

/** Libraries that pages use, and the package that has them for its tests. */
const LIBRARIES = { zod: 'bindings', hyparquet: 'cli', 'hyparquet-writer': 'cli' } as const;

interface Block {
  readonly language: string;
  /** The heading above it: one section is one folder. */
  readonly section: string;
  readonly line: number;
  readonly text: string;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1] ?? '',
    section:
      text
        .slice(0, match.index)
        .match(/^## .*$/gm)
        ?.at(-1) ?? '',
    line: text.slice(0, match.index).split('\n').length,
    text: match[2] ?? '',
  }));
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder with the packages and Node's types installed, and `dml` on the path. */
function newFolder(): string {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'dml documents ')));
  folders.push(around);
  const folder = join(around, 'project');
  const modules = join(folder, 'node_modules/@daggerml');
  mkdirSync(modules, { recursive: true });
  for (const name of ['bindings', 'execution', 'store', 'object-model'])
    symlinkSync(join(ROOT, 'packages', name), join(modules, name));
  mkdirSync(join(folder, 'node_modules/@types'));
  const types = dirname(createRequire(join(ROOT, 'package.json')).resolve('@types/node/package.json'));
  symlinkSync(types, join(folder, 'node_modules/@types/node'));
  for (const [library, user] of Object.entries(LIBRARIES))
    symlinkSync(join(ROOT, 'packages', user, 'node_modules', library), join(folder, 'node_modules', library));
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin);
  symlinkSync(join(ROOT, 'node_modules/@typescript/native/bin/tsc'), join(bin, 'tsc'));
  writeFileSync(join(bin, 'dml'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
    mode: 0o755,
  });
  return folder;
}

/** The file that a block of code names in its first line. */
function fileOf(block: Block): string {
  const place = /^(?:#!.*\n# ([\w./-]+)|(?:\/\/|#) ([\w./-]+\.(?:[cm]?[jt]s|py|sh|yml)))(?::.*)?\n/.exec(
    block.text,
  );
  return place?.[1] ?? place?.[2] ?? '';
}

/** A command, and what it is said to print where its comment is counts of calls. */
interface ShownCommand {
  readonly command: string;
  readonly prints?: string | undefined;
}

function commandsOf(block: Block): ShownCommand[] {
  return block.text
    .split('\n')
    .map((line) => ({
      command: line.replace(/(^|\s)#.*/, '').trim(),
      prints: /\s# (\d+ executed, \d+ cached)$/.exec(line)?.[1],
    }))
    .filter(({ command }) => command !== '' && RUN_ELSEWHERE[command] === undefined);
}

/** The commands of the steps of a workflow, without the installation of what the folder has. */
function stepsOf(workflow: Block): string[] {
  const steps = [...workflow.text.matchAll(/^( *)(?:- )?run: (?:\|\n((?:\1 {2}.*\n)+)|(.*)\n)/gm)];
  return steps
    .flatMap(([, , lines, line]) => (lines ?? line ?? '').trim().split('\n'))
    .map((command) => command.trim())
    .filter((command) => command !== 'npm ci');
}

function runIn(folder: string, command: string): string {
  const ran = spawnSync('sh', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 180_000,
    env: {
      PATH: `${join(folder, 'node_modules/.bin')}:${process.env.PATH}`,
      HOME: folder,
      DML_AUTHOR: 'reader',
    },
  });
  expect(ran.status, `${command}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout;
}

function compile(folder: string, files: readonly string[], config: object): void {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ['node'],
    ...config,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const tsc = join(ROOT, 'node_modules/@typescript/native/bin/tsc');
  const ran = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect(ran.stdout + ran.stderr).toBe('');
  // What runs needs none.
  for (const name of ['package.json', 'tsconfig.json']) rmSync(join(folder, name));
}

function groupBySection(blocks: readonly Block[]): Map<string, Block[]> {
  const sections = new Map<string, Block[]>();
  for (const block of blocks) sections.set(block.section, [...(sections.get(block.section) ?? []), block]);
  return sections;
}

const isCode = ({ language }: Block): boolean => ['ts', 'js', 'py', 'sh', 'yaml'].includes(language);

/** Does in an empty folder what one section shows: writes its files, compiles them, runs its commands in order. */
function follow(blocks: readonly Block[], where: string, folder: string = newFolder()): string {
  const code = blocks.filter((block) => isCode(block) && (block.language !== 'sh' || fileOf(block) !== ''));
  for (const block of code) {
    expect(fileOf(block), `${where}:${block.line} names no file`).not.toBe('');
    const path = join(folder, fileOf(block));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, block.text);
  }
  const config = blocks.find(({ language }) => language === 'json');
  const typed = code.map(fileOf).filter((file) => /\.[cm]?ts$/.test(file));
  if (typed.length > 0) compile(folder, typed, config ? JSON.parse(config.text).compilerOptions : {});
  const shell = blocks.filter((block) => block.language === 'sh' && fileOf(block) === '');
  const workflows = blocks.filter(({ language }) => language === 'yaml');
  const steps = workflows.flatMap(stepsOf).map((command): ShownCommand => ({ command }));
  for (const { command, prints = '' } of [...shell.flatMap(commandsOf), ...steps]) {
    const printed = runIn(folder, command.replaceAll(/\bnpx (?=dml |tsc )/g, ''));
    expect(printed, `${where}: ${command}`).toContain(prints);
  }
  return folder;
}

describe('a reader who copies what the documents say', () => {
  it.each(DOCUMENTS)('from %s gets what they show [DML-CLI-1562]', (document) => {
    const blocks = blocksOf(document);
    for (const { language, line } of blocks)
      expect(['ts', 'js', 'py', 'sh', 'json', 'yaml', 'text', 'mermaid'], `${document}:${line}`).toContain(
        language,
      );
    const sections = groupBySection(blocks);
    expect(sections.size).toBeGreaterThan(0);
    for (const section of sections.values()) follow(section, document);
  });

  it('has a workflow that goes on with the repository of the last one [DML-CLI-1562]', () => {
    const page = 'docs/recipes/github-actions.md';
    const blocks = blocksOf(page);
    expect(blocks.filter(({ language }) => language === 'yaml').flatMap(stepsOf)).toContain(
      'npx dml run pipeline.ts',
    );
    const next = newFolder();
    cpSync(join(follow(blocks, page), '.dml'), join(next, '.dml'), { recursive: true });
    follow(blocks, page, next);
    // A call that ran again would have another outcome, and so a commit of its own.
    expect(JSON.parse(runIn(next, 'dml log --json'))).toHaveLength(1);
  });

  it('finds the adapter of its page among the examples [DML-CLI-1562]', () => {
    const [shown] = blocksOf('docs/recipes/own-adapter.md').filter(({ language }) => language === 'py');
    expect(readFileSync(join(ROOT, 'examples/own-adapter/bin/dml-stats'), 'utf8')).toBe(shown?.text);
  });

  it('finds the remote adapter of its page among the examples [DML-CLI-1562]', () => {
    const [shown] = blocksOf('docs/recipes/own-remote.md').filter(({ language }) => language === 'py');
    const example = readFileSync(join(ROOT, 'examples/remote-adapter/bin/dml-remote-shelf'), 'utf8');
    expect(example).toBe(shown?.text);
  });

  it('leaves to gates what needs more than a folder [DML-CLI-1562]', () => {
    const all = DOCUMENTS.flatMap((document) => readFileSync(join(ROOT, document), 'utf8')).join('\n');
    for (const [command, gate] of Object.entries(RUN_ELSEWHERE)) {
      expect(all).toContain(command);
      expect(readFileSync(join(ROOT, gate), 'utf8').length).toBeGreaterThan(0);
    }
  });
});
