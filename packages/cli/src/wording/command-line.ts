import { EXIT } from '../invocation/exit-code.ts';
import { RAISE_LIMIT, TOO_MANY_FILES } from '../process/too-many-files.ts';
import type { CliErrorCode } from './cli-error.ts';
import { AGAIN, UPDATE } from './hints.ts';
import type { ErrorWording } from './wording.ts';

const USAGE = '"dml [{command} ]--help" shows what it takes';

/** Wordings of refusals of the command line itself. */
export const COMMAND_LINE_WORDINGS: Readonly<Record<CliErrorCode, ErrorWording>> = {
  unknown_command: {
    exit: EXIT.usage,
    message: 'there is no command "{word}"',
    hint: '[did you mean: {nearest}? ]"dml [{command} ]--help" lists all commands',
  },
  unknown_option: {
    exit: EXIT.usage,
    message: 'there is no option "{word}" here',
    hint: '[did you mean: {nearest}? ]"dml [{command} ]--help" lists the options',
  },
  unreadable_repository: {
    exit: EXIT.storage,
    message: '"{path}" cannot be read ({errno})',
    hint: 'check the permissions of the folder and of the files in it',
  },
  newer_format: {
    exit: EXIT.newer,
    message:
      'a newer version of dml wrote a [{record} ]record here that this one cannot read; nothing is damaged',
    hint: UPDATE,
  },
  too_many_files: { exit: EXIT.storage, message: TOO_MANY_FILES, hint: RAISE_LIMIT },
  missing_argument: { exit: EXIT.usage, message: 'the argument "{word}" is missing', hint: USAGE },
  invalid_argument: {
    exit: EXIT.usage,
    message: '{problem}',
    hint: USAGE,
    details: {
      not_utf8: {
        message: 'the argument number {place}, "{word}", is not UTF-8 text',
        hint: 'names and paths are UTF-8 text here: rename the file, or set the terminal to UTF-8',
      },
    },
  },
  missing_folder: {
    exit: EXIT.notARepository,
    message: 'there is no folder "{folder}"',
    hint: 'give the folder of a repository, or one below it',
    details: {
      gone: {
        message: 'the current folder was deleted',
        hint: 'go to a folder that exists, or name each path in full, that of the repository with --repo',
      },
      not_utf8: {
        message: 'the path of the current folder is not UTF-8 text',
        hint: 'rename it, or go to another folder and name each path in full, that of the repository with --repo',
      },
    },
  },
  path_exists: {
    exit: EXIT.refused,
    message: '"{path}" exists',
    hint: 'choose another path, or give --force to replace it',
    details: {
      example: {
        message: '"{path}" exists; nothing was created',
        hint: 'run "dml init --example" in an empty folder, or "dml init" for a pipeline of your own',
      },
    },
  },
  path_changed: {
    exit: EXIT.refused,
    message:
      '"{path}" was created by another process during the export and is kept; the earlier content is in "{kept}"',
    hint: 'look at both, then move the one that you want to the path',
  },
  protected_path: {
    exit: EXIT.refused,
    message: '"{path}" is in the repository, or holds it or the current folder, and is not replaced',
    hint: 'choose a path of its own',
  },
  holds_repository: {
    exit: EXIT.refused,
    message: '"{path}" holds a repository, and is not replaced',
    hint: 'choose a path of its own; a repository that nobody needs goes with its ".dml"',
  },
  // @spec DML-CLI-1201
  unwritable_path: {
    exit: EXIT.storage,
    message: '"{path}" cannot be written ({errno})',
    hint: 'check its permissions and the space on its disk, or choose another path',
    details: {
      file: {
        message: '"{path}" cannot be made: a file stands there, or where a folder above it would be',
        hint: 'choose the path of a folder',
      },
    },
  },
  unwritable_output: {
    exit: EXIT.storage,
    message: 'the result cannot be written to standard output ({errno})',
    hint: 'what the command did before is kept; "dml status" shows where the branch stands',
  },
  binary_value: {
    exit: EXIT.refused,
    message: 'the value of "{name}" is binary data, which is not printed to a terminal',
    hint: '"dml export {name} <file>" writes it to a file, --force prints it all the same',
  },
  branch_exists: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" exists',
    hint: 'choose another name, or "dml merge {branch} <source>" to move it forward',
  },
  not_fast_forward: {
    exit: EXIT.refused,
    message: '"{target}" and "{source}" have diverged, and a merge only moves a branch forward',
    hint:
      'run the pipeline again on top of {target}: "dml switch {target}", then "dml run <file>"; ' +
      'calls that {source} computed are not computed again',
  },
  head_moved: {
    exit: EXIT.refused,
    message: '"{head}" was moved by another process',
    hint: 'run the command again',
  },
  branch_current: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" is the current one and cannot be deleted',
    hint: '"dml switch <head>" makes another one current; "dml branch" lists them',
  },
  branch_unmerged: {
    exit: EXIT.refused,
    message: 'the branch "{branch}" has commits that no other branch contains',
    hint: '"dml log {branch}" lists them; "dml branch --delete --force {branch}" deletes it all the same',
  },
  infrastructure_failed: {
    exit: EXIT.infrastructure,
    message: 'the call "{name}" was lost: {failureCode}: {message}',
    hint: `nothing was committed and no failure was recorded: ${AGAIN}`,
  },
  unusable_file: {
    exit: EXIT.pipeline,
    message: '"{file}" {problem}',
    hint: 'give the path of a TypeScript or JavaScript file that exports a pipeline',
  },
  pipeline_stalled: {
    exit: EXIT.pipeline,
    message: 'the pipeline waits for something that can no longer happen',
    hint: 'look for a promise that nothing settles',
  },
  process_not_started: {
    exit: EXIT.infrastructure,
    message: 'the process that runs the pipeline could not be started ({errno})',
    hint: `nothing was committed; free memory or processes, then run the command again`,
  },
  interrupted: { exit: EXIT.interrupted, message: 'interrupted', hint: 'run the command again to go on' },
};
