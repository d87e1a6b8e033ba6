import { Command, CommanderError, Option } from 'commander';
import { cliError } from './cli-error.ts';
import type { GlobalOptions } from './cli-io.ts';
import type { CommandSpec } from './command.ts';
import { COMMANDS } from './command-table.ts';
import { nearest } from './nearest.ts';

/** What the command line asked for. */
export type Invocation =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'command';
      readonly command: CommandSpec;
      readonly globals: GlobalOptions;
      readonly args: readonly (string | undefined)[];
      readonly options: Readonly<Record<string, unknown>>;
    };

const GLOBAL_OPTIONS: readonly Option[] = [
  new Option('--repo <folder>', 'work in this folder instead of the current one'),
  new Option('--json', 'print the result as one JSON document'),
  new Option('--quiet', 'print no talk other than errors'),
  new Option('--no-color', 'print no colours (as does the variable NO_COLOR)'),
];
const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  dag: 'List the dags of the current branch.',
  index: 'List or forget work in progress.',
};
const GLOBAL_NAMES = new Set(['repo', 'json', 'quiet', 'color']);

/**
 * Parses arguments into what they ask for; throws `unknown_command`, `unknown_option`, `missing_argument` or
 * `invalid_argument` and prints nothing.
 */
export function parseInvocation(argv: readonly string[]): Invocation {
  let invocation: Invocation | undefined;
  const printed: string[] = [];
  const program = buildProgram((command, args, options) => {
    const globals = globalsOf(options);
    const own = Object.fromEntries(Object.entries(options).filter(([name]) => !GLOBAL_NAMES.has(name)));
    invocation = { kind: 'command', command, globals, args, options: own };
  });
  for (const command of everyCommand(program)) {
    command.exitOverride().configureOutput({ writeOut: (text) => printed.push(text), writeErr: () => {} });
  }
  try {
    program.parse(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.help') {
      return { kind: 'help', text: printed.join('') || program.helpInformation() };
    }
    if (error.code === 'commander.version') return { kind: 'version' };
    throw usageError(error, argv);
  }
  if (invocation === undefined) throw cliError('unknown_command', { word: argv.join(' ') });
  return invocation;
}

/** Yields the help text of `dml` and of every command, in the order of the command table. */
export function allHelp(): { readonly name: string; readonly text: string }[] {
  const program = buildProgram(() => {});
  return everyCommand(program).map((command) => ({
    name: pathOf(command),
    text: command.configureHelp({ helpWidth: 100 }).helpInformation(),
  }));
}

type OnCommand = (
  command: CommandSpec,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
) => void;

function buildProgram(onCommand: OnCommand): Command {
  const program = new Command('dml')
    .description('Git for computations: run pipelines, keep every result with its provenance, compute nothing twice.')
    .option('--version', 'print the version of dml')
    .helpOption('--help', 'print help for the command')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .addHelpText('after', '\nExample:\n  $ dml init && dml run pipeline.ts\n');
  program.on('option:version', () => {
    throw new CommanderError(0, 'commander.version', '');
  });
  for (const option of GLOBAL_OPTIONS) program.addOption(option);
  for (const spec of COMMANDS) addCommand(program, spec, onCommand);
  program.action(() => program.help());
  return program;
}

function addCommand(program: Command, spec: CommandSpec, onCommand: OnCommand): void {
  const words = spec.name.split(' ');
  const last = words.at(-1) ?? spec.name;
  const parent = words.slice(0, -1).reduce((above, word) => groupCommand(above, word, spec), program);
  const command = parent
    .command(last)
    .summary(spec.summary)
    .description(spec.description === undefined ? spec.summary : `${spec.summary}\n\n${spec.description}`)
    .helpOption('--help', 'print help for the command')
    .helpGroup(`${spec.group}:`)
    // @spec DML-CLI-0303
    .addHelpText('after', `\nExample:\n  $ ${spec.example}\n`);
  for (const argument of spec.arguments ?? []) command.argument(argument.syntax, argument.description);
  for (const { syntax, description, parse } of spec.options ?? []) {
    const option = new Option(syntax, description);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(option);
  }
  // @spec DML-CLI-0301
  for (const option of GLOBAL_OPTIONS) command.addOption(new Option(option.flags, option.description).hideHelp());
  command.action((...received: unknown[]) => {
    const args = received.slice(0, (spec.arguments ?? []).length) as (string | undefined)[];
    onCommand(spec, args, mergedOptions(command));
  });
}

function groupCommand(parent: Command, word: string, spec: CommandSpec): Command {
  const existing = parent.commands.find((command) => command.name() === word);
  if (existing !== undefined) return existing;
  const group = parent
    .command(word)
    .description(GROUP_SUMMARIES[word] ?? `Commands about ${word}.`)
    .usage('<command>')
    .helpCommand(false)
    .helpOption('--help', 'print help for the command')
    .helpGroup(`${spec.group}:`);
  group.action(() => group.help());
  return group;
}

/** Options given before the command and after it; the later one decides. */
function mergedOptions(command: Command): Record<string, unknown> {
  const levels: Command[] = [];
  for (let level: Command | null = command; level !== null; level = level.parent) levels.unshift(level);
  const merged: Record<string, unknown> = {};
  for (const level of levels) {
    for (const [name, value] of Object.entries(level.opts())) {
      if (level.getOptionValueSource(name) !== 'default' || !(name in merged)) merged[name] = value;
    }
  }
  return merged;
}

function globalsOf(options: Readonly<Record<string, unknown>>): GlobalOptions {
  return {
    repo: options.repo as string | undefined,
    json: options.json === true,
    quiet: options.quiet === true,
    color: options.color !== false,
  };
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Turns commander's error into ours, with the nearest known word. @spec DML-CLI-0302 */
function usageError(error: CommanderError, argv: readonly string[]): Error {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? argv.join(' ');
  switch (error.code) {
    case 'commander.unknownCommand':
    case 'commander.excessArguments':
      return unknownWord(error, quoted, argv);
    case 'commander.unknownOption': {
      const flags = everyCommand(buildProgram(() => {})).flatMap((command) =>
        command.options.flatMap((option) => option.long ?? []),
      );
      return cliError('unknown_option', { word: quoted, nearest: nearest(quoted, [...flags, '--help']).join(', ') });
    }
    case 'commander.missingArgument':
    case 'commander.optionMissingArgument':
      return cliError('missing_argument', { word: quoted });
    default:
      return cliError('invalid_argument', { word: quoted, problem: error.message.replace(/^error: /, '') });
  }
}

function unknownWord(error: CommanderError, quoted: string, argv: readonly string[]): Error {
  const first = argv.find((word) => !word.startsWith('-')) ?? quoted;
  const known = COMMANDS.map((command) => command.name.split(' ')[0] ?? command.name);
  if (error.code === 'commander.excessArguments' && known.includes(first)) {
    return cliError('invalid_argument', { word: first, problem: error.message.replace(/^error: /, '') });
  }
  const word = error.code === 'commander.unknownCommand' ? quoted : first;
  const names = known.includes(first)
    ? COMMANDS.filter((command) => command.name.startsWith(`${first} `)).map(({ name }) => name.split(' ')[1] ?? name)
    : known;
  return cliError('unknown_command', { word, nearest: nearest(word, names).join(', ') });
}
