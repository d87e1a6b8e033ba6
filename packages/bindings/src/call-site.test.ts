import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { loadPipeline } from '@daggerml/capture';
import type { DmlError } from '@daggerml/object-model';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Project } from '../test/project.ts';

let project: Project;
beforeAll(async () => {
  project = await Project.create();
  project.write('package.json', '{ "type": "module" }');
});

/** What a pipeline with this body is refused with; the line that is asked for ends with `// here`. */
async function refusal(body: string): Promise<{ error: DmlError; here: string }> {
  const file = project.write(
    'pipeline.ts',
    `import { definePipeline, functions, Uri } from '@daggerml/bindings';

type Row = { when?: Date };
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
export const refused = definePipeline(async (dag) => {
${body}
});
`,
  );
  const lines = readFileSync(file, 'utf8').split('\n');
  const error: DmlError = await project.repository.run(await loadPipeline(file)).then(
    () => expect.fail('the pipeline was not refused'),
    (caught) => caught,
  );
  return { error, here: `${file}:${lines.findIndex((line) => line.endsWith('// here')) + 1}` };
}

describe('the error of what a pipeline gives', () => {
  it.each([
    ['unsupported_value', 'dag.literal(undefined as never); // here'],
    [
      'unsupported_value',
      'const row: Row = { when: new Date(0) };',
      'dag.call(steps.pair, [row] as never); // here',
    ],
    ['unsupported_value', 'dag.list.append([], (() => 1) as never); // here'],
    ['unsupported_value', 'const sum = dag.call(steps.add, 1, 2);', "return sum + 's'; // here"],
    [
      'unsupported_value',
      'const sum = dag.call(steps.add, 1, 2);',
      'return JSON.stringify({ sum }); // here',
    ],
    ['cyclic_value', 'const rows: unknown[] = []; rows.push(rows);', 'dag.literal(rows); // here'],
    ['reserved_name', 'const one = dag.literal(1);', "dag.name('root', one); // here"],
    ['no_commit', "const { root } = dag.import('nowhere'); // here"],
    ['unreadable_file', "await dag.file('nowhere.csv'); // here"],
    [
      'unreadable_file',
      'await null;',
      'await Promise.all([1].map(async () => {',
      'await null;',
      "await dag.directory('nowhere'); // here",
      '}));',
    ],
  ])('names the line: case %#, %s [DML-BND-1403]', async (code, ...lines) => {
    const { error, here } = await refusal(lines.join('\n'));
    const { file, line, column } = error.fields;
    expect({ code: error.code, at: `${file}:${line}` }).toEqual({ code, at: here });
    expect(column).toBeGreaterThan(0);
    expect(Object.keys(error.fields).length, 'its own fields are kept').toBeGreaterThan(3);
    const isElsewhere = relative(process.cwd(), String(file)).startsWith('..');
    expect(error.message).toContain(`${code}: ${isElsewhere ? file : ''}`);
    expect(error.message).toContain(`:${line}:${column}: `);
    expect(error.stack?.split('\n').slice(1, 3).join()).toContain(here);
  });

  it('names no line where nothing tells it', async () => {
    const dag = project.repository.newDag('no stack');
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      expect(() => dag.literal(undefined as never)).toThrow(
        /^unsupported_value: the value is undefined and cannot be stored; use null$/,
      );
    } finally {
      Error.stackTraceLimit = limit;
      await dag.close();
    }
  });

  it('is made without a stack trace for values that are accepted [DML-BND-1404]', async () => {
    const dag = project.repository.newDag('accepted');
    const capture = vi.spyOn(Error, 'captureStackTrace');
    try {
      const one = dag.literal({ a: [1, new Set(['x'])] });
      dag.name('sum', dag.call(project.steps.add, 1, 2));
      dag.list.append([one], 2);
      expect(capture).not.toHaveBeenCalled();
      expect(() => dag.literal(undefined as never)).toThrow('unsupported_value');
      expect(capture).toHaveBeenCalled();
    } finally {
      capture.mockRestore();
      await dag.close();
    }
  });
});
