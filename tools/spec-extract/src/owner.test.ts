import { describe, expect, it } from 'vitest';
import { canOwn } from './file-role.ts';
import { formatOwner, ownersIn } from './owner.ts';

function owners(text: string, path = 'packages/store/src/a.ts'): string[] {
  return ownersIn({ path, text }).map((owner) => `${owner.id} ${formatOwner(owner).slice(path.length)}`);
}

describe('ownersIn', () => {
  it('reads comments of every form and nothing else [DML-TRC-0301]', () => {
    expect(
      owners(`
        /** Yields a. @spec DML-STO-0001 */
        export const a = "@spec DML-STO-0002";
        /* @spec DML-STO-0003 */
        const b = \`// @spec DML-STO-0004 \${a /* @spec DML-STO-0005 */}\`;
        const c = /@spec DML-STO-0006/; // @spec DML-STO-0007
        // spec DML-STO-0008, see @specs DML-STO-0009
      `),
    ).toEqual(['DML-STO-0001 #a', 'DML-STO-0003 #b', 'DML-STO-0005 #b', 'DML-STO-0007 #c']);
  });

  it('reads several ids behind one word', () => {
    expect(owners('// @spec DML-STO-0001, DML-STO-0002 DML-STO-0003 and DML-STO-0004\nexport {};')).toEqual([
      'DML-STO-0001 ',
      'DML-STO-0002 ',
      'DML-STO-0003 ',
    ]);
  });

  it('names the declarations around the comment, never a line [DML-TRC-0306]', () => {
    const text = `
      // @spec DML-STO-0001
      import { x } from './x.ts';

      /**
       * Opens.
       *
       * @spec DML-STO-0002
       */
      export class Store {
        // @spec DML-STO-0003
        #size = 1;

        /** @spec DML-STO-0004 */
        open(): void {
          // @spec DML-STO-0005
          if (x) return;
          run(() => {
            const inner = 1; // @spec DML-STO-0006
          });
          // @spec DML-STO-0007
        }
      }

      export const TABLE = {
        // @spec DML-STO-0008
        'not there': 1,
      };

      const last = 1; // @spec DML-STO-0009
      interface Shape {
        /** @spec DML-STO-0010 */
        name: string;
      }
      // @spec DML-STO-0011
    `;
    const expected = [
      'DML-STO-0001 ',
      'DML-STO-0002 #Store',
      'DML-STO-0003 #Store.#size',
      'DML-STO-0004 #Store.open',
      'DML-STO-0005 #Store.open',
      'DML-STO-0006 #Store.open.inner',
      'DML-STO-0007 #Store.open',
      'DML-STO-0008 #TABLE.not there',
      'DML-STO-0009 #last',
      'DML-STO-0010 #Shape.name',
      'DML-STO-0011 ',
    ];
    expect(owners(text)).toEqual(expected);
    expect(owners(`\n\n// unrelated\n${text}`)).toEqual(expected);
  });
});

it('canOwn accepts the sources of packages and tools, tests apart [DML-TRC-0301]', () => {
  const owning = ['packages/store/src/a.ts', 'packages/store/src/gc/b.tsx', 'tools/spec-extract/src/c.mjs'];
  const others = [
    'packages/store/src/a.test.ts',
    'packages/store/test/a.ts',
    'packages/store/src/test/a.ts',
    'packages/store/a.ts',
    'packages/store/src/a.json',
    'examples/x/src/a.ts',
    'src/a.ts',
  ];
  expect(owning.every(canOwn)).toBe(true);
  expect(others.filter(canOwn)).toEqual([]);
});
