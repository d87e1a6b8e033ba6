import { parseArgs } from 'node:util';
import { type Answer, check, generate, review, show, UsageError } from './commands.ts';
import { findRoot } from './workspace.ts';

/** Output and exit code of the process. */
export interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const COMMANDS = 'show, check, generate, review, mutate';

const HELP = `Traces every requirement of specs/ to its owner in the code and to tests that ran and passed.

usage: npm run spec -- <command>

  <ID>                 text, state, section, owner and tests of one requirement
  show <ID>            the same
  check                every finding; writes nothing
  generate             writes requirements/*.yaml and COMPLIANCE.md, then reports like check
  review <ID…>|--all   records that changed text was reviewed
  mutate [<ID…>]       breaks one clause of the owners of verified requirements, of those named or of a sample,
                       and runs the tests that cite them
                       --sample <count> (20), --seed <number> (1)

exit codes: 0 green, 1 red or a mutant was not killed, 2 wrong arguments, 3 suite not readable or writable`;

/** Runs the tool in a folder of the repository; the ending is a value, and `say` receives progress of a long command. */
export async function run(
  args: readonly string[],
  folder: string,
  say: (text: string) => void,
): Promise<Ending> {
  try {
    const { text, isRed } = await dispatch(args, folder, say);
    // @spec DML-TRC-0809
    return { stdout: text, stderr: '', exitCode: isRed ? 1 : 0 };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { stdout: '', stderr: `error: ${message}`, exitCode: error instanceof UsageError ? 2 : 3 };
  }
}

async function dispatch(
  args: readonly string[],
  folder: string,
  say: (text: string) => void,
): Promise<Answer> {
  const { values, positionals } = parse(args);
  const [first, ...rest] = positionals;
  if (values.help || first === undefined) return { text: HELP, isRed: false };
  const root = findRoot(folder);
  if (root === undefined) throw new Error(`no specs folder at or above ${folder}`);
  const isId = /^dml-/i.test(first);
  const operands = (isId ? positionals : rest).map((id) => id.toUpperCase());
  switch (isId ? 'show' : first) {
    case 'generate':
      return generate(root);
    case 'check':
      return check(root);
    case 'show': {
      const [id] = operands;
      if (id === undefined || operands.length > 1) throw new UsageError('usage: npm run spec -- show <ID>');
      return show(root, id);
    }
    case 'review':
      if (values.all === operands.length > 0)
        throw new UsageError('usage: npm run spec -- review <ID…> or review --all');
      return review(root, values.all ? 'all' : operands);
    case 'mutate': {
      const { mutate } = await import('./mutation/command-mutate.ts');
      const seed = positiveInteger(values.seed, '--seed');
      return mutate({
        root,
        ids: operands,
        sampleSize: positiveInteger(values.sample, '--sample'),
        seed,
        say,
      });
    }
    default:
      // @spec DML-TRC-0807
      throw new UsageError(`unknown command ${first}; the commands are ${COMMANDS}`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        all: { type: 'boolean', default: false },
        sample: { type: 'string', default: '20' },
        seed: { type: 'string', default: '1' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    const [reason] = String(error).split('. ', 1);
    throw new UsageError(`${reason}; the commands are ${COMMANDS}`);
  }
}

function positiveInteger(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number from 1, not ${text}`);
  return value;
}
