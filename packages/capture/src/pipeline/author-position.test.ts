import { describe, expect, it } from 'vitest';
import { authorPosition } from './author-position.ts';

describe('authorPosition', () => {
  it.each([
    ['    at build (/home/a/pipeline.ts:12:7)', '/home/a/pipeline.ts', 12, 7],
    ['    at build (file:///home/a/pipeline.ts:12:7)', '/home/a/pipeline.ts', 12, 7],
    ['    at build (/tmp/x/file:/home/a/my%20work/p.ts:1:2)', '/home/a/my work/p.ts', 1, 2],
    ['    at async file:///home/a/p.ts:3:4', '/home/a/p.ts', 3, 4],
    ['    at /home/a (b)/p.ts:3:4', '/home/a (b)/p.ts', 3, 4],
    ['    at Model.fit [as run] (/home/a (b)/p.ts:3:4)', '/home/a (b)/p.ts', 3, 4],
  ])('reads %s', (frame, file, line, column) => {
    expect(authorPosition(`Error: at /no/where.ts:1:1 it broke\n${frame}`)).toEqual({ file, line, column });
  });

  it('passes over packages, the runtime and code without a file', () => {
    const frames = [
      'Error',
      '    at lower (/home/a/node_modules/lib/index.js:1:1)',
      '    at eval (eval at <anonymous> (/home/a/p.ts:2:2), <anonymous>:1:1)',
      '    at async Promise.all (index 0)',
      '    at node:internal/process/task_queues:95:5',
    ];
    expect(authorPosition(frames.join('\n'))).toBeUndefined();
    expect(authorPosition([...frames, '    at build (/home/a/p.ts:9:3)'].join('\n'))).toEqual({
      file: '/home/a/p.ts',
      line: 9,
      column: 3,
    });
  });
});
