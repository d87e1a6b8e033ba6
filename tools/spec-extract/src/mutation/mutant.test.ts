import { describe, expect, it } from 'vitest';
import { applyMutant } from './mutant.ts';
import { findMutant } from './mutation-run.ts';

/** Breaks the statement that `// @spec` stands at; yields operator and broken text, or undefined. */
function broken(text: string): [string, string] | undefined {
  const source = text.replaceAll('@@', '@spec DML-OBJ-0001');
  const mutant = findMutant('packages/a/src/a.ts', source, 'DML-OBJ-0001');
  return mutant && [mutant.operator, applyMutant(source, mutant).replaceAll('@spec DML-OBJ-0001', '@@')];
}

/** The same for a statement inside a function. */
function inside(statement: string): [string, string] | undefined {
  const frame = (body: string): string => `function f() {\n  // @@\n  ${body}\n  rest();\n}\n`;
  const result = broken(frame(statement));
  const [head = '', tail = ''] = frame('\u0000').split('\u0000');
  return result && [result[0], result[1].slice(head.length, -tail.length)];
}

describe('a statement', () => {
  it.each([
    ['if (a < b) throw x;', 'invert-condition', 'if (!(a < b)) throw x;'],
    ['if (a) { b(); } else c();', 'invert-condition', 'if (!(a)) { b(); } else c();'],
    ['throw new Error("x");', 'delete-statement', ';'],
    ['call(a, b);', 'delete-statement', ';'],
    ['a = 1;', 'delete-statement', ';'],
    ['return a === b;', 'invert-condition', 'return !(a === b);'],
    ['return !a;', 'invert-condition', 'return !(!a);'],
    ['return (a && b) as boolean;', 'invert-condition', 'return !((a && b) as boolean);'],
    ['return a ? b : c;', 'invert-condition', 'return !(a) ? b : c;'],
    ['return 41;', 'change-constant', 'return 42;'],
    ['return -1;', 'change-constant', 'return -2;'],
    ['return a.b(1);', 'delete-value', 'return undefined;'],
    ['return;', 'delete-statement', ';'],
    ['const a = 1_000;', 'change-constant', 'const a = 1001;'],
    ['const a = 5n;', 'change-constant', 'const a = (5n + 1n);'],
    ["const a = 'x';", 'change-constant', 'const a = "x~";'],
    ['const a = /x/;', 'change-constant', 'const a = /(?!)/;'],
    ['const a = 64 * 1024;', 'change-constant', 'const a = 65 * 1024;'],
    ['const a = [b, 2];', 'change-constant', 'const a = [b, 3];'],
    ['const a = { b: c, d: "e" };', 'change-constant', 'const a = { b: c, d: "e~" };'],
    ['const a = true;', 'invert-condition', 'const a = !(true);'],
    ['const a = b(c);', 'delete-value', 'const a = undefined;'],
    ['const a = b >= c;', 'invert-condition', 'const a = !(b >= c);'],
    ['const a = (b) => b > 1;', 'invert-condition', 'const a = (b) => !(b > 1);'],
    ['const a = () => { b(); };', 'empty-function', 'const a = () => {};'],
    ['for (const a of b) c(a);', 'empty-loop', 'for (const a of b) { break; }'],
    ['while (a()) { b(); }', 'empty-loop', 'while (a()) { break; }'],
    ['switch (a) { case 1: b(); }', 'delete-statement', ';'],
  ])('%s is broken by %s', (statement, operator, result) => {
    expect(inside(statement)).toEqual([operator, result]);
  });
});

describe('a declaration or entry', () => {
  it('with a doc comment loses its body', () => {
    expect(broken('/** A. @@ */\nexport function f(): void {\n  a();\n}\n')).toEqual([
      'empty-function',
      '/** A. @@ */\nexport function f(): void {}\n',
    ]);
    expect(broken('class A {\n  /** @@ */\n  m() { a(); }\n}')?.[1]).toBe(
      'class A {\n  /** @@ */\n  m() {}\n}',
    );
    expect(broken('/** @@ */\nclass A { x = 1; m() { a(); } constructor() { b(); } }')?.[1]).toContain(
      'constructor() {}',
    );
  });

  it('of a table or class changes its value', () => {
    expect(broken('const t = {\n  a: 1,\n  // @@\n  b: 2,\n};')).toEqual([
      'change-constant',
      'const t = {\n  a: 1,\n  // @@\n  b: 3,\n};',
    ]);
    expect(broken('const t = {\n  // @@\n  a,\n};')?.[1]).toBe('const t = {\n  // @@\n  a: undefined,\n};');
    expect(broken('const t = {\n  // @@\n  ...(a && { b: 1 }),\n};')?.[1]).toContain(
      '...!((a && { b: 1 })),',
    );
    expect(broken('class A {\n  // @@\n  readonly limit = 16;\n}')?.[1]).toContain('readonly limit = 17;');
  });

  it('of a switch breaks its first statement', () => {
    expect(broken('switch (a) {\n  // @@\n  case 1:\n    return b();\n}')?.[1]).toContain(
      'return undefined;',
    );
  });

  it('behind code is what the comment is about', () => {
    expect(broken('const a = 1; // @@\nconst b = 2;')?.[1]).toBe('const a = 2; // @@\nconst b = 2;');
    expect(broken('function f() {\n  if (a) return; // @@\n}')).toMatchObject([
      'delete-statement',
      expect.any(String),
    ]);
  });

  it('that is overloaded loses the body of its implementation', () => {
    expect(
      broken(
        'class A {\n  /** @@ */\n  m(a: 1): void;\n  m(a: 2): void;\n  m() { a(); }\n  n() { b(); }\n}',
      )?.[1],
    ).toContain('  m() {}\n  n() { b(); }');
    expect(
      broken('/** @@ */\nfunction f(a: 1): void;\nfunction f() { a(); }\nfunction g() { b(); }')?.[1],
    ).toContain('function f() {}\nfunction g() { b(); }');
  });

  it('before an else is what follows it', () => {
    expect(broken('if (a) b();\n// @@\nelse if (c > 1) d();')?.[1]).toBe(
      'if (a) b();\n// @@\nelse if (!(c > 1)) d();',
    );
    expect(broken('if (a) b();\n// @@\nelse c();')?.[1]).toBe('if (a) b();\n// @@\nelse ;');
  });

  it('may be an operand in the middle of an expression', () => {
    expect(broken('const a =\n  b &&\n  // @@\n  c > 1;')?.[1]).toBe(
      'const a =\n  b &&\n  // @@\n  !(c > 1);',
    );
  });
});

it('a type, an import, an empty end of a block and a missing owner cannot be broken [DML-TRC-0907]', () => {
  expect(broken('/** @@ */\nexport interface A { b: string }')).toBeUndefined();
  expect(broken('// @@\nexport type A = string;')).toBeUndefined();
  expect(broken('/** @@ */\ndeclare function f(a: string): void;')).toBeUndefined();
  expect(broken('// @@\nimport { a } from "./a.ts";')).toBeUndefined();
  expect(broken('function f() {\n  a();\n  // @@\n}')).toBeUndefined();
  expect(broken('// @@')).toBeUndefined();
  expect(broken('const a = 1;')).toBeUndefined();
});
