import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Project } from '../test/project.ts';
import { programName } from './program.ts';

it('records the program and the version of the package as created_by [DML-BND-0317]', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  expect(programName()).toBe(`daggerml ${version}`);
  const project = await Project.create();
  expect(project.repository.store.getMeta('created_by')).toBe(`daggerml ${version}`);
});
