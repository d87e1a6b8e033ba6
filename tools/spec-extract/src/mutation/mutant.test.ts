import { describe, expect, it } from 'vitest';
import { applyMutant } from './mutant.ts';
import { findMutants } from './mutation-run.ts';

/** Breaks the node behind `@@` clause by clause; lists the broken texts. */
function broken(text: string): string[] {
  const source = text.replaceAll('@@', '@spec DML-OBJ-0001');
  return findMutants('packages/a/src/a.ts', source, 'DML-OBJ-0001').map((mutant) =>
    applyMutant(source, mutant).replaceAll('@spec DML-OBJ-0001', '@@'),
  );
}

/** The same for a statement inside a function. */
function inside(statement: string): string[] {
  const frame = (body: string): string => `function f() {\n  // @@\n  ${body}\n  rest();\n}\n`;
  const [head = '', tail = ''] = frame('\u0000').split('\u0000');
  return broken(frame(statement)).map((text) => text.slice(head.length, -tail.length));
}

describe('a statement', () => {
  it.each([
    ['if (a < b) throw x;', ['if (a >= b) throw x;', 'if (a < b) ;']],
    [
      'if (a && b === 1) c();',
      [
        'if ((b === 1)) c();',
        'if ((a)) c();',
        'if (!(a) && b === 1) c();',
        'if (a && b !== 1) c();',
        'if (a && b === 2) c();',
        'if (a && b === 1) ;',
      ],
    ],
    [
      'if (a.b(c)) { d(); } else e();',
      ['if (!(a.b(c))) { d(); } else e();', 'if (a.b(c)) { ; } else e();', 'if (a.b(c)) { d(); } else ;'],
    ],
    ['return !a;', ['return (a);']],
    [
      'return a instanceof b || c;',
      ['return (c);', 'return (a instanceof b);', 'return !(a instanceof b) || c;'],
    ],
    ['return a ?? 1;', ['return (1);', 'return (a);', 'return a ?? 2;']],
    ['return a ? b : 1;', ['return !(a) ? b : 1;', 'return a ? b : 2;']],
    ['return a(1);', ['return undefined;', 'return a(2);']],
    ['return;', [';']],
    ['return undefined;', []],
    ['const a = 1_000;', ['const a = 1001;']],
    ['const a = 5n;', ['const a = (5n + 1n);']],
    [
      "const a = b('x', 'words for people');",
      ['const a = undefined;', 'const a = b("x~", \'words for people\');'],
    ],
    ['const a = /x/;', ['const a = /(?!)/;']],
    ['const a = true;', ['const a = false;']],
    ['const a = [b, 2];', ['const a = [ 2];', 'const a = [b, ];']],
    [
      'const a = { b: c, d: 1 };',
      ['const a = {  d: 1 };', 'const a = { b: c,  };', 'const a = { b: c, d: 2 };'],
    ],
    ['const a = (b) => b > c;', ['const a = (b) => b <= c;']],
    ['for (const a of b) c(a);', ['for (const a of b) ;']],
    ['throw new E(a);', [';']],
  ])('%s breaks by its clauses, one at a time [DML-TRC-0915]', (statement, results) => {
    expect(inside(statement)).toEqual(results);
  });
});

describe('a declaration or entry', () => {
  it('with a doc comment breaks inside its body', () => {
    expect(broken('/** A. @@ */\nexport function f(): void {\n  a();\n  b();\n}\n')).toEqual([
      '/** A. @@ */\nexport function f(): void {\n  ;\n  b();\n}\n',
      '/** A. @@ */\nexport function f(): void {\n  a();\n  ;\n}\n',
    ]);
  });

  it('of a table or class breaks alone', () => {
    expect(broken('const t = {\n  a: 1,\n  // @@\n  b: 2,\n};')).toEqual([
      'const t = {\n  a: 1,\n  // @@\n  \n};',
      'const t = {\n  a: 1,\n  // @@\n  b: 3,\n};',
    ]);
    expect(broken('class A {\n  // @@\n  readonly limit = 16;\n}')).toEqual([
      'class A {\n  // @@\n  readonly limit = 17;\n}',
    ]);
  });

  it('behind code is what the comment is about', () => {
    expect(broken('const a = 1; // @@\nconst b = 2;')).toEqual(['const a = 2; // @@\nconst b = 2;']);
  });

  it('that is overloaded breaks in its implementation', () => {
    expect(
      broken('/** @@ */\nfunction f(a: 1): void;\nfunction f() { a(); }\nfunction g() { b(); }'),
    ).toEqual(['/** @@ */\nfunction f(a: 1): void;\nfunction f() { ; }\nfunction g() { b(); }']);
  });

  it('before an else is what follows it', () => {
    expect(broken('if (a) b();\n// @@\nelse c();')).toEqual(['if (a) b();\n// @@\nelse ;']);
  });

  it('may be an operand in the middle of an expression', () => {
    expect(broken('const a =\n  b &&\n  // @@\n  c > 1;')).toEqual([
      'const a =\n  b &&\n  // @@\n  c <= 1;',
      'const a =\n  b &&\n  // @@\n  c > 2;',
    ]);
  });
});

it('a type, an import, an empty end of a block and a missing owner cannot be broken [DML-TRC-0907]', () => {
  for (const text of [
    '/** @@ */\nexport interface A { b: "x" }',
    '// @@\nexport type A = 1;',
    '/** @@ */\ndeclare function f(a: string): void;',
    '// @@\nimport { a } from "./a.ts";',
    'function f() {\n  a();\n  // @@\n}',
    '// @@',
    'const a = 1;',
  ])
    expect(broken(text), text).toEqual([]);
});
