import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Child } from './child.ts';
import { Project } from './project.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const ROUNDS = 4;
let project: Project;
beforeAll(async () => {
  project = await Project.create();
});

interface RunLine {
  readonly values: number[];
  readonly counts: Readonly<Record<string, number>>;
  readonly commitId: string;
}

describe('two processes that run the same pipeline at once', () => {
  it('lose nothing of each other, each with values that its own commit pins [DML-BND-0604]', async () => {
    const { repository, folder } = project;
    const args = [folder, pathToFileURL(join(folder, 'steps.ts')).href, `${ROUNDS}`];
    const children = await Promise.all([0, 1].map(() => Child.start('runner.child.ts', args)));
    for (const child of children) child.go();
    const ends = await Promise.all(children.map((child) => child.end()));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    for (const { lines } of ends as { lines: RunLine[] }[]) {
      expect(lines.length).toBe(ROUNDS);
      for (const { values, counts, commitId } of lines) {
        expect((counts.executed ?? 0) + (counts.cached ?? 0)).toBe(12);
        expect(new Set(values).size).toBe(12);
        expect(repository.getCommit(commitId).execMap.size).toBe(13);
      }
    }
    expect(repository.getCommit('main').dags.size).toBe(1 + 2 * ROUNDS);
    expect(repository.store.readRefs('index')).toEqual([]);
    expect(await project.findings()).toEqual([]);
  });
});
