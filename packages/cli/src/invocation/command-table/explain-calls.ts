import type { CommandSpec } from '../command.ts';
import { CALL_NAME } from './argument-texts.ts';

/** Commands that explain calls. */
export const EXPLAIN_CALLS: readonly CommandSpec[] = [
  {
    name: 'why',
    group: 'Explain calls',
    summary: 'Print why a call ran, or why it did not.',
    description:
      'Compares the call with the one whose place it took in the dag: the first difference of function, number of ' +
      'inputs and inputs is followed to the literal, file or function that it comes from, with a diff of the sources. ' +
      'Of a dag every call is explained that got its outcome with the commit which made it. Everything is read from ' +
      'the repository; "dml run --dry-run" says what a run would do.',
    arguments: {
      '<call>': `a call by its name, id, function or text: <dag>#<node name>, fit, <dag>#fit, "fit(rows, 3)"; a dag for all of its calls`,
    },
    options: { '--all': 'explain every call of a dag, not only the first 20' },
    takesReference: true,
    example: 'dml why my-pipeline',
    load: () => import('../../commands/why.ts'),
  },
  {
    name: 'who',
    group: 'Explain calls',
    summary: 'List the calls that made or used a value or file, newest first.',
    description:
      'Goes through every branch, tracking ref and work in progress. A value inside of another one counts, so a file ' +
      'is found in the folders that were captured with it; a source file is found by the functions made of it.',
    arguments: {
      '<value>': `${CALL_NAME}; or the path of a file, which ./ before it makes certain`,
    },
    options: { '-n, --count <number>': 'calls to list at most, 20 by default' },
    takesReference: true,
    example: 'dml who my-pipeline',
    load: () => import('../../commands/who.ts'),
  },
  {
    name: 'logs',
    group: 'Explain calls',
    summary: 'Print what a call printed when it ran.',
    description:
      'Standard output and error in the order in which they were printed, of each call of a dag in turn. Of more ' +
      'than 1 MiB the beginning and the end are kept. What an attempt printed that was lost, such as one that ran ' +
      'out of time, is shown while it runs and not kept.',
    arguments: { '<call>': `a call, an outcome of one or a dag: ${CALL_NAME}` },
    options: { '--stream <name>': 'only stdout or only stderr' },
    takesReference: true,
    example: 'dml logs sales',
    load: () => import('../../commands/logs.ts'),
  },
  {
    name: 'stats',
    group: 'Explain calls',
    summary: 'Print what calls took and what was known of them before.',
    description:
      'Counts the runs that the history of the current branch has recorded; a run that changed nothing leaves no ' +
      'commit. The time that was saved is that of the calls that had run before. Bytes are those of the dags of the ' +
      'newest commit with the outcomes of their calls.',
    arguments: { '[dag]': 'the only dag that counts; all by default' },
    takesReference: true,
    example: 'dml stats',
    load: () => import('../../commands/stats.ts'),
  },
  {
    name: 'code',
    group: 'Explain calls',
    summary: 'Print which packages and files the code of a function comes from.',
    description:
      'A change runs the calls of the function again when it changes this code. Constants and enums that the code ' +
      'takes from other files are part of it without being listed. The SHA-256 is that of the code as it is ' +
      'recorded: "dml show" takes it.',
    arguments: {
      '<file>': 'file that exports the function',
      '<function>': 'name under which it is exported',
    },
    example: 'dml code steps.ts fit',
    load: () => import('../../commands/code.ts'),
  },
  {
    name: 'debug',
    group: 'Explain calls',
    summary: 'Lay out a call in a folder, to run it there alone.',
    description:
      'Inputs as JSON and files, the code as it is recorded, the sources where they are recorded, and run.mjs, which ' +
      'makes the call with plain Node, also under a debugger: node --inspect-brk run.mjs. For a step that is a ' +
      'script: its files and inputs, and run.sh. Values of environment variables are not recorded and not written.',
    arguments: {
      '<call>': `a call or an outcome of one: ${CALL_NAME}`,
      '[folder]': 'folder to create; debug-<id> by default',
    },
    options: {
      '--run': 'run it there',
      '--env <names>': 'environment variables that it sees then, separated by commas; none by default',
    },
    takesReference: true,
    example: 'dml debug sales#days --run',
    load: () => import('../../commands/debug.ts'),
  },
  {
    name: 'replay',
    group: 'Explain calls',
    summary: 'Make recorded calls again and compare what comes of them.',
    description:
      'Each call is made from its recorded function and inputs, with those that functions have made; the exit code ' +
      'is 0 when all agree and 7 when one differs. Nothing that is recorded changes: what comes of it is recorded ' +
      'besides, and "dml show" and "dml run" mark a call that differed as not deterministic.',
    arguments: { '<dag>': `a dag, or one call or outcome of one: ${CALL_NAME}` },
    options: {
      '--sample <share>': 'only so many of the calls, at random: 0.1 or 10%',
      '--workers <number>': 'calls that run at one time, as many as the processors by default',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
    },
    takesReference: true,
    example: 'dml replay sales',
    load: () => import('../../commands/replay.ts'),
  },
];
