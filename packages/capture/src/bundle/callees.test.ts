import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { CaptureFixture } from '../testing/capture-fixture.ts';

const fixture = new CaptureFixture();
afterAll(() => fixture.close());

const IMPORT = `import { call, callWith } from '@daggerml/bindings';\n`;

describe('the functions that a function calls as calls of their own', () => {
  it('stand in its code by name and hash, their own code does not [DML-CAP-0301]', () => {
    const filesOf = (body: string) => ({
      'steps.ts': `${IMPORT}import { fit } from './fit.ts';
        export const clean = (x: number) => call(fit, x);
        export const other = (x: number) => callWith({ name: 'a' }, fit, x);`,
      'fit.ts': `export function fit(x: number) { return ${body}; }`,
    });
    const captured = fixture.capture(filesOf("'MARK' + x"));
    const [callee] = captured.callees;
    const bundle = callee?.captured.bundle as Uint8Array;
    const text = new TextDecoder().decode(captured.bundle);
    expect(new TextDecoder().decode(bundle)).toContain('MARK');
    expect(text).not.toContain('MARK');
    expect(text).toContain(`fit ${createHash('sha256').update(bundle).digest('hex')}`);
    expect(callee).toMatchObject({ exportName: 'fit', moduleUrl: expect.stringMatching(/fit\.ts$/) });
    expect(fixture.bundleOf(filesOf("'MARK' + x"))).toBe(text);
    expect(fixture.bundleOf(filesOf("'MARK' + x + 1"))).not.toBe(text);
    expect(fixture.capture(filesOf('1'), 'other').callees.map(({ exportName }) => exportName)).toEqual([
      'fit',
    ]);
  });

  it('are inputs of its capture', () => {
    const { inputs } = fixture.capture({
      'steps.ts': `${IMPORT}import { fit } from './fit.ts'; export const clean = () => call(fit, 1);`,
      'fit.ts': `import { helper } from './helper.ts'; export const fit = (x: number) => helper(x);`,
      'helper.ts': 'export const helper = (x: number) => x;',
    });
    const names = inputs?.present.map((path) => path.slice(path.lastIndexOf('/') + 1));
    expect(names).toEqual(expect.arrayContaining(['steps.ts', 'fit.ts', 'helper.ts']));
  });

  it('leave what else names them alone', () => {
    const text = fixture.bundleOf(`${IMPORT}
      export const fit = (x: number) => 'MARK' + x;
      export const clean = (x: number) => [fit(x), call(fit, x)];`);
    expect(text).toContain('MARK');
  });

  it.each([
    [
      'a computed one',
      'call([fit][0], 1)',
      'call() takes the name of an exported function, written directly',
    ],
    [
      'a local one',
      '{ const f = () => 1; return call(f); }',
      'call() takes the name of an exported function, written directly',
    ],
    [
      'one that is not exported',
      'call(hidden, 1)',
      'call(hidden, …) needs hidden to be exported from steps.ts',
    ],
    [
      'one of a library',
      'call(join, 1)',
      'call() takes a function of your own files; wrap join in an exported function',
    ],
  ])('are refused where they are %s [DML-CAP-0302]', (_what, body, reason) => {
    const text = `${IMPORT}import { join } from 'node:path';
export const fit = (x: number) => x;
const hidden = (x: number) => x;
export const clean = () => ${body};`;
    expect(fixture.refusal(text)).toEqual({ file: 'steps.ts', line: 5, reason });
  });

  it('are itself where a function calls itself, also through a helper [DML-CAP-0303]', () => {
    const captured = fixture.capture(`${IMPORT}
      const helper = (x: number): unknown => call(clean, x - 1);
      export const clean = (x: number): unknown => (x > 0 ? helper(x) : call(clean, 0));`);
    expect(captured.callees).toEqual([]);
    expect(new TextDecoder().decode(captured.bundle).match(/["'`]self["'`]/g)).toHaveLength(2);
  });

  it('are refused where they call each other by way of another [DML-CAP-0304]', () => {
    const refusal = fixture.refusal({
      'steps.ts': `${IMPORT}import { odd } from './odd.ts';\nexport const clean = (x: number): unknown => call(odd, x);`,
      'odd.ts': `${IMPORT}import { clean } from './steps.ts';\nexport const odd = (x: number): unknown => call(clean, x);`,
    });
    expect(refusal).toMatchObject({
      file: 'odd.ts',
      line: 3,
      reason: 'clean → odd → clean call each other; a function may call itself, but not by way of another',
    });
  });
});
