import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TODAY } from '../test/memory-suite.ts';
import { snapshot, temporaryRepository } from '../test/temporary-repository.ts';
import { findRoot, readFolder, writeFiles } from './disk.ts';
import { readSuite } from './workspace.ts';

it('readSuite gives each file its role and leaves out what is installed, built or a fixture [DML-TRC-0301]', () => {
  const root = temporaryRepository({
    'README.md': '',
    'COMPLIANCE.md': '',
    'specs/10-object-model.md': '',
    '.changeset/a.md': '',
    '.git/b.md': '',
    '.dml/c.md': '',
    'packages/store/src/a.ts': '',
    'packages/store/src/a.test.ts': '',
    'packages/store/test/b.test.ts': '',
    'packages/store/test/support.ts': '',
    'packages/store/dist/a.ts': '',
    'packages/store/node_modules/x/README.md': '',
    'tools/spec-extract/fixtures/x/README.md': '',
    'tools/spec-extract/src/c.mjs': '',
    'vectors/a/b.json': '',
    'requirements/store.yaml': '',
    'test-results/store.json': '',
    'test-results/log.txt': '',
  });
  symlinkSync(root, join(root, 'loop'), 'dir');
  const suite = readSuite(root, TODAY);
  const paths = (files: readonly { path: string }[]): string[] => files.map(({ path }) => path);
  expect(paths(suite.documents)).toEqual(['.changeset/a.md', 'README.md', 'specs/10-object-model.md']);
  expect(paths(suite.sources)).toEqual(['packages/store/src/a.ts', 'tools/spec-extract/src/c.mjs']);
  expect(paths(suite.tests)).toEqual([
    'packages/store/src/a.test.ts',
    'packages/store/test/b.test.ts',
    'packages/store/test/support.ts',
  ]);
  expect(paths(suite.vectors)).toEqual(['vectors/a/b.json']);
  expect(paths(suite.index)).toEqual(['requirements/store.yaml']);
  expect(paths(suite.results)).toEqual(['test-results/store.json']);
  expect(suite.paths).toContain('tools/spec-extract/fixtures/x/README.md');
  expect(suite.paths.filter((path) => /node_modules|dist|\.git|\.dml|test-results|loop/.test(path))).toEqual(
    [],
  );
});

it('findRoot goes up to the folder that holds specs', () => {
  const root = temporaryRepository({ 'specs/10-object-model.md': '', 'packages/store/src/a.ts': '' });
  expect(findRoot(join(root, 'packages/store/src'))).toBe(root);
  expect(findRoot(root)).toBe(root);
  expect(findRoot('/')).toBeUndefined();
});

it('writeFiles writes what differs, removes what is generated no more and leaves no other file behind', () => {
  const root = temporaryRepository({ 'a.md': 'a', 'b.md': 'b', 'd.yaml': 'd' });
  const files = [
    { path: 'a.md', text: 'a' },
    { path: 'b.md', text: 'new' },
    { path: 'requirements/c.yaml', text: 'c' },
  ];
  const onDisk = new Map(readFolder(root, '.', /\.md$/).map(({ path, text }) => [path, text]));
  expect(writeFiles(root, files, new Map([...onDisk, ['d.yaml', 'd']]))).toEqual([
    'b.md',
    'requirements/c.yaml',
    'd.yaml',
  ]);
  expect(snapshot(root)).toEqual({ 'a.md': 'a', 'b.md': 'new', 'requirements/c.yaml': 'c' });
});
