import { Command, CommanderError, Option } from 'commander';
import type { GlobalOptions } from '../process/cli-io.ts';
import { formatCount } from '../render/quantities.ts';
import type { CommandSpec } from './command.ts';
import { COMMANDS } from './command-table.ts';
import { flagOf } from './flag.ts';
import { meaningOf, meaningOfMoreWords } from './habits.ts';
import { HELP_TOPICS } from './help-topics.ts';

/** Request of a command line. */
export type Invocation =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'misuse'; readonly misuse: Misuse }
  | {
      readonly kind: 'command';
      readonly command: CommandSpec;
      readonly globals: GlobalOptions;
      readonly args: readonly (string | undefined)[];
      readonly options: Readonly<Record<string, unknown>>;
    };

/** Fault of a command line. */
export interface Misuse {
  readonly code: 'unknown_command' | 'unknown_option' | 'missing_argument' | 'invalid_argument';
  readonly command: string;
  /** Word that is unknown, or name of the argument that is missing. */
  readonly word?: string;
  /** Words that are known in the place of an unknown one. */
  readonly known?: readonly string[];
  readonly problem?: string;
  /** Command that a word of another program means here. */
  readonly meant?: string | undefined;
}

const GLOBAL_OPTIONS: readonly Option[] = [
  new Option('--repo <folder>', 'use the repository of this folder instead of the current one'),
  new Option('--json', 'print the result as one JSON document (errors: "dml help output")'),
  new Option('--quiet', 'print results and errors only; no progress or notes'),
  new Option('--no-color', 'print no colours (as does the variable NO_COLOR)'),
];
const GLOBAL_NOTE = 'Every command also takes --repo, --json, --quiet and --no-color: see "dml --help".';
const ENVIRONMENT = [
  'Environment:',
  '  DML_AUTHOR      who commits and the ref journal name; the user by default',
  '  DML_DEBUG       set it to print stack traces of errors',
  '  DML_REMOTE_ENV  names of variables that remote adapters see, separated by commas',
  '  NO_COLOR        set it to print no colours',
].join('\n');
const TOPICS = [
  'Topics:',
  ...HELP_TOPICS.map(({ name, summary }) => `  dml help ${name.padEnd(15)} ${summary}`),
].join('\n');
const SEE_REFERENCES = 'All forms of a name: see "dml help references".';
const HELP = ['-h, --help', 'print help for the command'] as const;
const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  reference: 'List, take or end references to what other teams have published; alone it lists them.',
  remote: 'List the remotes of this repository, or look after one.',
  claim: 'List the claims of a remote; alone it lists them.',
  op: 'Run, resume and cancel ops; alone it lists the runs that have not ended.',
  adapter: 'List or check execution adapters; alone it lists them.',
  bundle: 'Move branches and tags by a file; alone it prints this help.',
  cache: 'Share outcomes with the cache of a remote; alone it prints this help.',
  dag: 'List, delete and restore dags of the current branch; alone it lists them.',
  wip: 'List or forget work in progress; alone it lists it.',
};
const GLOBAL_NAMES = new Set(['repo', 'json', 'quiet', 'color']);
/** Columns of help that is not printed to a terminal. */
const HELP_COLUMNS = 100;

/** Parses arguments into what they ask for; prints nothing and throws nothing. */
export function parseInvocation(argv: readonly string[]): Invocation {
  const topic = topicOf(argv);
  if (topic !== undefined) return topic;
  let invocation: Invocation | undefined;
  const printed: string[] = [];
  const take = (found: Invocation): void => {
    invocation ??= found;
  };
  const program = buildProgram((command, args, options) => {
    const globals = globalsOf(options);
    const own = Object.fromEntries(Object.entries(options).filter(([name]) => !GLOBAL_NAMES.has(name)));
    const empty = emptyOf(command, args, options);
    if (empty !== undefined) {
      const problem = `the ${empty} is empty`;
      take({ kind: 'misuse', misuse: { code: 'invalid_argument', problem, command: command.name } });
    }
    take({ kind: 'command', command, globals, args, options: own });
  }, take);
  for (const command of everyCommand(program)) {
    command.configureOutput({ writeOut: (text) => printed.push(text), writeErr: () => {} });
    command.exitOverride((error) => {
      if (error.code === 'commander.version') take({ kind: 'version' });
      else if (!error.code.startsWith('commander.help'))
        take({ kind: 'misuse', misuse: misuseOf(error, command) });
      throw error;
    });
  }
  try {
    program.parse(argumentsOf(withNoValues(argv)), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return invocation ?? { kind: 'help', text: printed.join('') };
}

/** Returns the help text of `dml`, of every command in the order of the command table, and of every topic. */
export function allHelp(): { readonly name: string; readonly text: string }[] {
  const program = buildProgram(
    () => {},
    () => {},
  );
  return [
    ...everyCommand(program).map((command) => ({ name: pathOf(command), text: helpOf(command) })),
    ...HELP_TOPICS.map(({ name, text }) => ({ name: `dml help ${name}`, text })),
  ];
}

/** Returns the help of `dml help <topic>`; refuses a word that is neither a topic nor a command. */
function topicOf(argv: readonly string[]): Invocation | undefined {
  const at = firstWord(argv);
  if (argv[at] !== 'help') return undefined;
  const after = argv.slice(at + 1);
  const word = after.slice(firstWord(after)).find((argument) => !argument.startsWith('-'));
  const topic = HELP_TOPICS.find(({ name }) => name === word);
  if (topic !== undefined) return { kind: 'help', text: topic.text };
  const commands = COMMANDS.map(({ name }) => name.split(' ')[0] as string);
  if (word === undefined || commands.includes(word)) return undefined;
  const known = [...commands, ...HELP_TOPICS.map(({ name }) => name)];
  const meant = meaningOf('', word);
  return { kind: 'misuse', misuse: { code: 'unknown_command', word, known, command: '', meant } };
}

/** Returns the place of the first argument that is neither a global option nor its value. @spec DML-CLI-0890 */
function firstWord(argv: readonly string[]): number {
  const option = GLOBAL_OPTIONS.find(({ long }) => long === argv[0]?.split('=', 1)[0]);
  if (option === undefined) return 0;
  const length = option.required && argv[0] === option.long ? 2 : 1;
  return length + firstWord(argv.slice(length));
}

/** Returns help as `--help` prints it, with the text after it that `helpInformation` leaves out. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (piece) => {
      text += piece;
    },
  });
  command.outputHelp();
  return text;
}

/** Returns the arguments, with `--help` for `dml` alone and `dml help …`. */
function argumentsOf(argv: readonly string[]): string[] {
  const at = firstWord(argv);
  if (argv[at] === 'help') return [...argv.slice(0, at), ...argv.slice(at + 1), '--help'];
  // @spec DML-CLI-0304
  return argv.length === 0 ? ['--help'] : [...argv];
}

type OnCommand = (
  command: CommandSpec,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
) => void;
type Take = (found: Invocation) => void;

function buildProgram(onCommand: OnCommand, take: Take): Command {
  const program = new Command('dml')
    .description(
      'Git for computations: run pipelines, keep every result with its provenance, compute nothing twice.',
    )
    .option('--version', 'print the version of dml')
    .helpOption(...HELP)
    .helpCommand(false)
    .configureHelp({ helpWidth: HELP_COLUMNS, subcommandTerm })
    .showSuggestionAfterError(false)
    .addHelpText('after', `\n${TOPICS}\n\n${ENVIRONMENT}\n\nExample:\n  $ dml init && dml run pipeline.ts`);
  program.on('option:version', () => {
    // @spec DML-CLI-0307
    take({ kind: 'version' });
    throw new CommanderError(0, 'commander.version', '');
  });
  for (const option of GLOBAL_OPTIONS) program.addOption(option);
  for (const spec of COMMANDS) addCommand(program, spec, { onCommand, take });
  return answerUnknownWords(program, take, () => program.help());
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  { onCommand, take }: { onCommand: OnCommand; take: Take },
): void {
  const words = spec.name.split(' ');
  const last = words.at(-1) as string;
  const parent = words
    .slice(0, -1)
    .reduce((above, word) => groupCommand(above, word, { spec, onCommand, take }), program);
  const command = parent
    .command(last)
    .summary(spec.summary)
    .description(spec.description === undefined ? spec.summary : `${spec.summary}\n\n${spec.description}`)
    .helpOption(...HELP)
    // @spec DML-CLI-3843
    .aliases(spec.aliases ?? [])
    .helpGroup(words.length === 1 ? `${spec.group}:` : 'Commands:')
    // @spec DML-CLI-0303
    .addHelpText('after', `\n${notesOf(spec)}\n\nExample:\n  $ ${spec.example}`);
  for (const [syntax, description] of Object.entries(spec.arguments ?? {}))
    command.argument(syntax, description);
  // @spec DML-CLI-2906
  for (const [syntax, description] of Object.entries(spec.options ?? {}))
    command.addOption(optionOf(spec, syntax, description));
  // @spec DML-CLI-0301
  for (const option of GLOBAL_OPTIONS)
    command.addOption(new Option(option.flags, option.description).hideHelp());
  command.action((...received: unknown[]) => {
    // The last argument may take several words.
    const args = received.slice(0, Object.keys(spec.arguments ?? {}).length).flat() as (string | undefined)[];
    onCommand(spec, args, mergedOptions(command));
  });
}

function optionOf({ conflicts, repeatable }: CommandSpec, syntax: string, description: string): Option {
  const [, names, value] = VALUE_AFTER_EQUALS.exec(syntax) ?? [];
  const option = new Option(names === undefined ? syntax : `${names} [${value}]`, description);
  option.conflicts([...(conflicts?.[syntax] ?? [])]);
  if (names !== undefined) {
    option.flags = syntax;
    option.argParser((text: string) => (text === NO_VALUE ? true : text));
  }
  if (repeatable?.includes(syntax) === true)
    option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  return option;
}

/** Syntax of an option whose value may be left out, and stands after `=` otherwise, so that it takes no argument for one. */
const VALUE_AFTER_EQUALS = /^(.*--[\w-]+)\[=(\w+)\]$/;
/** Value of such an option without one; no argument of a process holds it. */
const NO_VALUE = '\u0000';

/** Returns the arguments with a value for each option that is given without its own. @spec DML-CLI-3769 */
function withNoValues(argv: readonly string[]): readonly string[] {
  const command = COMMANDS.find(({ name }) => name === argv[firstWord(argv)]);
  const names = Object.keys(command?.options ?? {}).flatMap(
    (syntax) => VALUE_AFTER_EQUALS.exec(syntax)?.[1]?.split(', ') ?? [],
  );
  if (names.length === 0) return argv;
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((word, at) => (at < end && names.includes(word) ? `${word}=${NO_VALUE}` : word));
}

function notesOf(spec: CommandSpec): string {
  // @spec DML-CLI-0313
  return spec.takesReference === true ? `${SEE_REFERENCES}\n${GLOBAL_NOTE}` : GLOBAL_NOTE;
}

function groupCommand(
  parent: Command,
  word: string,
  { spec, onCommand, take }: { spec: CommandSpec; onCommand: OnCommand; take: Take },
): Command {
  const existing = parent.commands.find((command) => command.name() === word);
  if (existing !== undefined) return existing;
  const group = parent
    .command(word)
    .description(GROUP_SUMMARIES[word] as string)
    .usage('[command]')
    .helpCommand(false)
    .helpOption(...HELP)
    .helpGroup(`${spec.group}:`);
  for (const option of GLOBAL_OPTIONS)
    group.addOption(new Option(option.flags, option.description).hideHelp());
  return answerUnknownWords(group, take, () => {
    // @spec DML-CLI-0832
    const named = (last: string) => COMMANDS.find(({ name }) => name === `${word} ${last}`);
    // @spec DML-CLI-1826
    const list = named('list') ?? named('status');
    if (list === undefined) group.help();
    else onCommand(list, [], mergedOptions(group));
  });
}

/**
 * Makes a command that only has subcommands name the word that it does not know, whatever options follow; without a
 * word it does what `alone` does.
 */
function answerUnknownWords(group: Command, take: Take, alone: () => void): Command {
  return group
    .allowUnknownOption(true)
    .allowExcessArguments(true)
    .action(() => {
      const [word] = group.args;
      if (word === undefined) return alone();
      const code = word.startsWith('-') ? 'unknown_option' : 'unknown_command';
      const known =
        code === 'unknown_option' ? flagsOf(group) : group.commands.map((command) => command.name());
      const command = wordsOf(group);
      const meant = meaningOf(command, word);
      take({ kind: 'misuse', misuse: { code, word, known, command, meant } });
    });
}

/** Returns the term of a command in a list; a group shows that it takes another word. */
function subcommandTerm(command: Command): string {
  if (command.commands.length > 0) return `${command.name()} [command]`;
  return [
    command.name(),
    ...command.registeredArguments.map((argument) =>
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
    ),
  ].join(' ');
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

/** Returns which argument or option is empty, in words; nothing that a command takes ever is. @spec DML-CLI-0367 */
function emptyOf(
  { arguments: known = {} }: CommandSpec,
  args: readonly unknown[],
  options: object,
): string | undefined {
  const names = Object.keys(known);
  const at = args.indexOf('');
  const argument = at < 0 ? undefined : names[Math.min(at, names.length - 1)];
  if (argument !== undefined) return `argument "${argument.slice(1, -1)}"`;
  const option = Object.entries(options).find(([, value]) => value === '');
  return option && `option "${flagOf(option[0])}"`;
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

/** Returns the path of a command without the name of the program. */
function wordsOf(command: Command): string {
  return pathOf(command).split(' ').slice(1).join(' ');
}

function flagsOf(command: Command): string[] {
  return ['--help', ...command.options.flatMap((option) => option.long ?? [])];
}

/** Returns the fault that commander's error stands for, from the command where it was raised. */
function misuseOf(error: CommanderError, command: Command): Misuse {
  const words = wordsOf(command);
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption':
      return {
        code: 'unknown_option',
        word: quoted,
        known: flagsOf(command),
        command: words,
        meant: meaningOf(words, quoted),
      };
    case 'commander.missingArgument':
      return { code: 'missing_argument', word: quoted, command: words };
    case 'commander.optionMissingArgument':
      return { code: 'invalid_argument', problem: `the option "${quoted}" has no value`, command: words };
    case 'commander.excessArguments': {
      const limit = command.registeredArguments.length;
      const takes = formatCount(limit, 'argument');
      const problem = `"${pathOf(command)}" takes ${takes}, but there is "${command.args[limit]}" too`;
      return { code: 'invalid_argument', problem, command: words, meant: meaningOfMoreWords(words) };
    }
    default:
      return { code: 'invalid_argument', problem: error.message.replace(/^error: /, ''), command: words };
  }
}
