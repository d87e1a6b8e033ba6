import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { allHelp, parseInvocation } from './program.ts';

describe('parseInvocation', () => {
  const globals = [
    [['--repo', 'there'], { repo: 'there' }],
    [['--json'], { json: true }],
    [['--quiet'], { quiet: true }],
    [['--no-color'], { color: false }],
  ] as const;

  it.each(globals)('takes %j before and after the command [DML-CLI-0301]', (words, expected) => {
    for (const { name, arguments: wanted = {} } of COMMANDS) {
      const args = [...name.split(' '), ...Object.keys(wanted).map((_, index) => `word${index}`)];
      for (const argv of [
        [...words, ...args],
        [...args, ...words],
      ]) {
        expect(parseInvocation(argv), argv.join(' ')).toMatchObject({
          kind: 'command',
          command: { name },
          globals: { json: false, quiet: false, color: true, ...expected },
        });
      }
    }
  });

  it('takes --help and --version everywhere [DML-CLI-0301]', () => {
    for (const { name } of COMMANDS) {
      for (const flag of ['--help', '-h']) {
        const invocation = parseInvocation([...name.split(' '), flag]);
        expect(invocation).toMatchObject({
          kind: 'help',
          text: expect.stringContaining(`Usage: dml ${name}`),
        });
      }
      expect(parseInvocation(['--version', ...name.split(' ')])).toEqual({ kind: 'version' });
      expect(parseInvocation([...name.split(' '), '--version'])).toEqual({ kind: 'version' });
    }
  });

  it('lets the later of two values decide', () => {
    expect(parseInvocation(['--repo', 'a', 'status', '--repo', 'b'])).toMatchObject({
      globals: { repo: 'b' },
    });
  });
});

describe('the help', () => {
  it('has purpose, arguments, options and an example for every command [DML-CLI-0303]', () => {
    const help = new Map(allHelp().map(({ name, text }) => [name, text]));
    for (const { name, summary, arguments: args = {}, options = {}, example } of COMMANDS) {
      const text = help.get(`dml ${name}`) ?? '';
      const flat = text.replace(/\s+/g, ' ');
      expect(flat, name).toContain(summary);
      for (const [syntax, description] of Object.entries(args)) {
        expect(text).toContain(syntax);
        expect(flat).toContain(description);
      }
      for (const [syntax, description] of Object.entries(options))
        expect(flat).toContain(`${syntax} ${description}`);
      expect(text).toContain(`\nExample:\n  $ ${example}\n`);
      expect(parseInvocation([...name.split(' '), '--help'])).toEqual({ kind: 'help', text });
    }
  });

  it('is written for examples that work', () => {
    for (const { name, example } of COMMANDS) {
      expect(parseInvocation(example.replace(/ > .*/, '').split(' ').slice(1))).toMatchObject({
        kind: 'command',
        command: { name },
      });
    }
  });

  it('of dml alone lists the commands [DML-CLI-0304]', () => {
    const invocation = parseInvocation([]);
    expect(invocation).toEqual(parseInvocation(['--help']));
    const text = invocation.kind === 'help' ? invocation.text : '';
    for (const word of new Set(COMMANDS.map(({ name }) => name.split(' ')[0]))) {
      expect(text).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
    }
  });

  const topic = (...argv: string[]): string => {
    const invocation = parseInvocation(['help', ...argv]);
    return invocation.kind === 'help' ? invocation.text : invocation.kind;
  };

  it('on references shows every form of a name with an example [DML-CLI-0312]', () => {
    const forms = [
      ['<id>, all 64 digits', '3f2a9c…'],
      ['refs/<kind>/<name>', 'refs/heads/main'],
      ['<branch>', 'main'],
      ['<remote>/<branch>', 'origin/main'],
      ['<UUID>', '7a91c2d4-…'],
      ['HEAD', 'HEAD'],
      ['<dag>', 'sales'],
      ['<beginning of an id>', '3f2a9c'],
      ['<SHA-256 of a file>', '48d77f67e01c'],
      ['<commit>~<n>', 'main~2'],
      ['<commit>:<dag>', 'main~2:sales'],
      ['<dag>#<name>', 'sales#clean'],
      ['<commit>:<dag>#<name>', 'main~2:sales#clean'],
      ['<name>.<key>, [<n>]', 'sales.totals[0]'],
    ] as const;
    const lines = topic('references').split('\n');
    const placeOf = ([form, example]: readonly [string, string]): number =>
      lines.findIndex((line) => line.startsWith(`  ${form} `) && line.includes(` ${example}`));
    const places = forms.map(placeOf);
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(topic()).toContain('dml help references');
    expect(topic('cat')).toContain('Usage: dml cat');
    expect(parseInvocation(['help', 'refrences'])).toMatchObject({ misuse: { code: 'unknown_command' } });
  });

  it.each([['--json'], ['--quiet', '--no-color'], ['--repo', '.'], ['--repo=.']])(
    'is the same behind %s %s [DML-CLI-0890]',
    (...options) => {
      for (const words of [['help'], ['help', 'references'], ['help', 'cat'], ['help', 'dag', 'list']])
        expect(parseInvocation([...options, ...words]), words.join(' ')).toEqual(parseInvocation(words));
      const misuse = { code: 'unknown_command', word: 'refrences' };
      expect(parseInvocation([...options, 'help', 'refrences'])).toMatchObject({ misuse });
    },
  );

  it('on space says how room comes back and when to copy [DML-CLI-1021]', () => {
    expect(topic('space')).toContain('dml gc --compact        then gives the room back to the disk\n');
    const words = topic('space').replace(/\s+/g, ' ');
    expect(words).toContain('"dml backup <folder>" copies the repository while it is in use');
    expect(words).toContain('holds a valid repository at any moment');
    expect(words).toContain('file by file does only while nothing writes to it');
    expect(topic('gc').replace(/\s+/g, ' ')).toContain('see "dml help space"');
  });

  it('of each command that takes the name of an object points to the forms [DML-CLI-0313]', () => {
    const pointing = COMMANDS.map(({ name }) => name).filter((name) =>
      topic(...name.split(' ')).includes('see "dml help references"'),
    );
    expect(pointing).toEqual([
      'log',
      'show',
      'cat',
      'export',
      'why',
      'who',
      'logs',
      'stats',
      'debug',
      'replay',
      'table',
      'compare',
      'plot',
      'branch',
      'tag',
      'merge',
      'dag restore',
      'publish',
      'bundle create',
      'gc',
    ]);
  });
});
