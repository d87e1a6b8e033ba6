import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from './workspace.ts';

const steps = `import { visit } from 'lib';
import { check } from './checks/check.ts';

interface Row { readonly value: number }
class Table {
  constructor(readonly rows: readonly Row[]) { if (rows.length > 3) throw new RangeError('too many'); }
  total(): number {
    return this.rows.reduce((sum, row) => sum + check(row.value), 0);
  }
}

/** Adds values up. */
export const clean = (values: number[]) => {
  const table = new Table(values.map((value) => ({ value })));
  return table.total();
};
export const inLibrary = (values: number[]) => visit(values, (value) => check(value));
export const parsed = (text: string) => JSON.parse(text) as unknown;
export async function later(value: number) {
  await Promise.resolve();
  return check(value);
}
`;
const check = `
/** Refuses negative values. */
export function check(value: number): number {
  if (value < 0) {
    throw new Error('negative');
  }
  return value;
}
`;

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create(steps);
  write('checks/check.ts', check);
  write('node_modules/lib/package.json', '{"name":"lib","type":"module","exports":"./src/index.js"}');
  write(
    'node_modules/lib/src/index.js',
    'const step = (f) => (x) => f(x);\nexport function visit(xs, f) {\n  if (xs.length > 3) throw new Error("long");\n  return xs.map(step(f));\n}\n',
  );
});
afterAll(() => workspace.close());

function write(name: string, text: string): void {
  mkdirSync(join(workspace.folder, name, '..'), { recursive: true });
  writeFileSync(join(workspace.folder, name), text);
}

async function traceOf(name: string, input: unknown): Promise<readonly string[]> {
  const run = workspace.begin({ workName: `${name} ${JSON.stringify(input)}` });
  const node = run.call(name, [input]);
  await run.outcome(node);
  return node.failure?.trace ?? [];
}

describe('the trace of a failure', () => {
  it('names functions, files, lines and columns of the sources [DML-EXE-0917]', async () => {
    expect(await traceOf('clean', [1, -1])).toEqual([
      'at check (checks/check.ts:5:11)',
      'at steps.ts:8:49',
      'at Table.total (steps.ts:8:22)',
      'at clean (steps.ts:15:16)',
    ]);
    expect(await traceOf('clean', [1, 2, 3, 4])).toEqual([
      'at new Table (steps.ts:6:75)',
      'at clean (steps.ts:14:17)',
    ]);
    expect(await traceOf('later', -1)).toEqual([
      'at check (checks/check.ts:5:11)',
      'at later (steps.ts:21:10)',
    ]);
    expect(await traceOf('parsed', '{')).toEqual(['at parsed (steps.ts:18:46)']);
  });

  it('ends with the outermost position in own code [DML-EXE-0918]', async () => {
    expect(await traceOf('inLibrary', [-1])).toEqual([
      'at check (checks/check.ts:5:11)',
      'at steps.ts:17:73',
      'at lib/src/index.js:1:28',
      'at visit (lib/src/index.js:4:13)',
      'at inLibrary (steps.ts:17:48)',
    ]);
    expect(await traceOf('inLibrary', [1, 2, 3, 4])).toEqual([
      'at visit (lib/src/index.js:3:28)',
      'at inLibrary (steps.ts:17:48)',
    ]);
  });

  it('shows the call of a library that fails deeply, and the place [DML-EXE-0915] [DML-EXE-0919]', async () => {
    write(
      'node_modules/lib/src/index.js',
      'export const visit = (xs, f) => {\n  const deep = (n) => { if (n === 0) throw new Error("deep"); return 1 + deep(n - 1); };\n  return deep(xs.length);\n};\n',
    );
    const trace = await traceOf('inLibrary', new Array(38).fill(0));
    expect(trace).toHaveLength(20);
    expect(trace[0]).toMatch(/^at .*lib\/src\/index\.js:2:\d+\)?$/);
    expect(trace.at(-1)).toBe('at inLibrary (steps.ts:17:48)');
  });

  it('has the lines of the sources that ran when comments differ', async () => {
    write('checks/check.ts', `// more\n\n${check}`);
    expect(await traceOf('clean', [5, -5])).toContain('at check (checks/check.ts:7:11)');
    expect(await traceOf('clean', [1, -1])).toContain('at check (checks/check.ts:5:11)');
  });
});
