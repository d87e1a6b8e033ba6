import { beforeAll, describe, expect, it } from 'vitest';
import { compileCases } from './compile-cases.ts';

const prelude = `
import { file, input, json, output, text } from '@daggerml/bindings';
import type { BlobHandle, Dag, Directory, NodeHandle } from '@daggerml/bindings';
interface Metrics { loss: number }
declare const dag: Dag;
declare const data: NodeHandle<BlobHandle>;
declare function same<A, B>(ok: (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false): void;
declare function valueOf<T>(handle: NodeHandle<T>): T;
`.trim();

/** Cases with `§` for the sign of a part of a template. */
const RESULTS = [
  'const a = valueOf(dag.run`sort §{data}`); same<typeof a, BlobHandle>(true);',
  "const a = valueOf(dag.run`x §{file('a')} §{output('b')} §{1}`); same<typeof a, BlobHandle>(true);",
  "const a = valueOf(dag.run`x §{output('b/')} §{output(json<Metrics>('m'))}`); const b: Directory = a['b/'];",
  'const a = valueOf(dag.run({ output: json<Metrics>() })`x`); same<typeof a, Metrics>(true);',
  "const a = valueOf(dag.script({ command: ['x', data, input('n', 1)] })); same<typeof a, BlobHandle>(true);",
  "const a = valueOf(dag.script({ command: ['x'], outputs: { m: json<Metrics>('m'), p: 'p/' } })); same<typeof a, { m: Metrics; p: Directory }>(true);",
  "const a = valueOf(dag.script({ command: ['x', output('o/')] })); same<typeof a, Directory>(true);",
];
const OUTPUTS = [
  "const a = valueOf(dag.script({ command: 'x', output: 'a' })); same<typeof a, BlobHandle>(true);",
  "const a = valueOf(dag.script({ command: 'x', output: 'a/' })); same<typeof a, Directory>(true);",
  "const a = valueOf(dag.script({ command: 'x', output: text('a') })); same<typeof a, string>(true);",
  "const a = valueOf(dag.script({ command: 'x', output: json<number[]>('a') })); same<typeof a, number[]>(true);",
];
const REFUSED = [
  "dag.script({ commnd: 'x' });",
  'dag.script({ command: [() => 1] });',
  'dag.run`x §{Symbol()}`;',
  "dag.script({ command: 'x', outputs: { a: 1 } });",
];

let errors: string[];
beforeAll(() => {
  errors = compileCases(
    prelude,
    [...RESULTS, ...OUTPUTS, ...REFUSED].map((code) => code.replaceAll('§', '$')),
  );
});

describe('the types of scripts', () => {
  it('follow from the outputs [DML-BND-1775]', () => {
    expect(errors.slice(0, RESULTS.length)).toEqual(RESULTS.map(() => ''));
  });

  it('are those of each output [DML-BND-1776]', () => {
    expect(errors.slice(RESULTS.length, RESULTS.length + OUTPUTS.length)).toEqual(OUTPUTS.map(() => ''));
  });

  it('refuse what is no script', () => {
    for (const error of errors.slice(-REFUSED.length)) expect(error).not.toBe('');
  });
});
