import { parseArgs } from 'node:util';
import { findRoot } from './disk.ts';
import type { MutationChoice } from './mutation/sample.ts';
import { type Answer, EXIT, type ExitCode, SuiteError, UsageError } from './output.ts';

/** Facts and functions that the process around the tool supplies. */
export interface Surroundings {
  readonly folder: string;
  /** Today as YYYY-MM-DD. */
  readonly today: string;
  /** Receives progress of a long command. */
  say(text: string): void;
}

/** Output and exit code of the process. */
export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: ExitCode;
}

const OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  open: { type: 'boolean', default: false },
  planned: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  root: { type: 'string' },
  sample: { type: 'string' },
  seed: { type: 'string' },
  from: { type: 'string' },
} as const;

const HELP = `Traces every requirement of specs/ to its owner in the code and to tests that ran and passed.

usage: npm run spec -- <command> [--json]

  <ID>                 text, state, section, owner and tests of one requirement
  show <ID>            the same
  open, --open         what is not verified; --planned adds what is planned
  check                every finding; writes nothing
  generate             writes requirements/*.yaml and COMPLIANCE.md, then reports like check
  review <ID…>|--all   records that changed text was reviewed
  mutate [<package>]   breaks one clause of the owners of verified requirements, of one package or of all,
                       and runs the tests that cite them
                       --sample <count> (20), --seed <number> (1), --from <ID>: none before it
  mutate <ID…>         only those that are named

  --root <folder>      the repository, found upwards from here by its specs folder
  --json               one JSON document on standard output

exit codes: 0 green, 1 red or a mutant was not killed, 2 wrong arguments, 3 suite not readable or writable`;

/** Runs the tool on its arguments; nothing is printed here, every ending is a value. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<Ending> {
  const asJson = args.includes('--json');
  try {
    const answer = await dispatch(args, surroundings);
    // @spec DML-TRC-0810
    const stdout = asJson ? JSON.stringify(answer.json, null, 2) : answer.text;
    return { stdout, stderr: '', exitCode: answer.exitCode };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // @spec DML-TRC-0809
    const exitCode = error instanceof UsageError ? EXIT.usage : EXIT.unreadable;
    return {
      stdout: asJson ? JSON.stringify({ error: message }, null, 2) : '',
      stderr: `error: ${message}`,
      exitCode,
    };
  }
}

async function dispatch(args: readonly string[], surroundings: Surroundings): Promise<Answer> {
  const { values, positionals } = parse(args);
  const [command, ...operands] = commandOf(positionals, values.open);
  if (values.help || command === undefined) return { exitCode: EXIT.green, text: HELP, json: { help: HELP } };
  const root = values.root ?? findRoot(surroundings.folder);
  if (root === undefined)
    throw new SuiteError(`no specs folder at or above ${surroundings.folder}; give --root`);
  // Each command loads only what it needs: `show` must not wait for the TypeScript compiler.
  switch (command) {
    case 'generate':
      return (await import('./command-check.ts')).generate(root, surroundings.today);
    case 'check':
      return (await import('./command-check.ts')).check(root, surroundings.today);
    case 'show':
      return (await import('./command-show.ts')).show(
        root,
        surroundings.today,
        only(operands, 'show <ID>').toUpperCase(),
      );
    case 'open':
      return (await import('./command-open.ts')).open(root, values.planned);
    case 'review':
      return (await import('./command-check.ts')).review(
        root,
        surroundings.today,
        reviewOperands(operands, values.all),
      );
    case 'mutate':
      return (await import('./mutation/command-mutate.ts')).mutate({
        root,
        today: surroundings.today,
        choice: mutationChoice(operands, values),
        say: surroundings.say,
      });
    default:
      // @spec DML-TRC-0807
      throw new UsageError(`unknown command ${command}; the commands are ${COMMANDS.join(', ')}`);
  }
}

const COMMANDS: readonly string[] = ['show', 'open', 'check', 'generate', 'review', 'mutate'];

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error);
    throw new UsageError(`${reason}; the commands are ${COMMANDS.join(', ')}`);
  }
}

type Parsed = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>;

/** Returns the words of the command: `DML-…` alone means `show`, `--open` alone means `open`. */
function commandOf(positionals: readonly string[], open: boolean): readonly string[] {
  const [first] = positionals;
  if (first === undefined) return open ? ['open'] : [];
  return /^dml-/i.test(first) ? ['show', ...positionals] : positionals;
}

function only(operands: readonly string[], usage: string): string {
  const [operand] = operands;
  if (operand === undefined || operands.length > 1) throw new UsageError(`usage: npm run spec -- ${usage}`);
  return operand;
}

function reviewOperands(operands: readonly string[], all: boolean): readonly string[] | 'all' {
  if (all === operands.length > 0)
    throw new UsageError('usage: npm run spec -- review <ID…> or review --all');
  return all ? 'all' : operands.map((operand) => operand.toUpperCase());
}

/** Operands are ids or one package; without any, all packages are meant. */
function mutationChoice(
  operands: readonly string[],
  { sample, seed: seedText, from }: Parsed['values'],
): MutationChoice {
  const seed = positiveInteger(seedText ?? '1', '--seed');
  const [first] = operands;
  if (first === undefined || !/^dml-/i.test(first))
    return {
      packageName: operands.length === 0 ? undefined : only(operands, 'mutate [<package>|<ID…>]'),
      from: from?.toUpperCase(),
      sampleSize: positiveInteger(sample ?? '20', '--sample'),
      seed,
    };
  if (sample !== undefined || from !== undefined)
    throw new UsageError('--sample and --from choose where no ID is named');
  return { ids: operands.map((id) => id.toUpperCase()), seed };
}

function positiveInteger(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number from 1, not ${text}`);
  return value;
}
