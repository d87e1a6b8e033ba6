import type { CommandSpec } from '../command.ts';
import { CALL_NAME, COMMIT_NAME, OBJECT_NAME } from './argument-texts.ts';

/** Commands that show what a repository has. */
export const INSPECT: readonly CommandSpec[] = [
  {
    name: 'status',
    group: 'Inspect',
    summary: 'Print the branch, its commit and dags, and work in progress.',
    example: 'dml status',
    load: () => import('../../commands/status.ts'),
  },
  {
    name: 'log',
    group: 'Inspect',
    summary: 'List commits, newest first.',
    description:
      'All ancestors are listed, on every side of a merge, and none before a commit that came after it, whatever the ' +
      'clocks of people said.',
    arguments: {
      '[head]': `where to start, the current branch by default: ${COMMIT_NAME}`,
    },
    options: {
      '-n, --count <number>': 'commits to list at most, all by default',
      '--first-parent':
        'follow the first parent of each merge alone: what the branch had when others were merged',
    },
    takesReference: true,
    example: 'dml log -n 5',
    load: () => import('../../commands/log.ts'),
  },
  {
    name: 'show',
    group: 'Inspect',
    summary: 'Print what an object is and what it holds.',
    description:
      'Calls and values are cut, where they are alike: on a terminal to its width, elsewhere to 200 columns. With ' +
      '--full they are whole; --json holds the value of every literal.',
    arguments: { '<object>': CALL_NAME },
    options: { '--full': 'cut nothing' },
    takesReference: true,
    example: 'dml show my-pipeline',
    load: () => import('../../commands/show.ts'),
  },
  {
    name: 'cat',
    group: 'Inspect',
    summary: 'Print a value.',
    description:
      'A blob or bytes are printed as they are, any other value in its JSON form. To a terminal only text is printed, ' +
      'with escapes for what would steer it.',
    arguments: { '<object>': `${CALL_NAME}; of a dag, its root's value` },
    takesReference: true,
    example: 'dml cat my-pipeline',
    load: () => import('../../commands/cat.ts'),
  },
  {
    name: 'export',
    group: 'Inspect',
    summary: 'Write a value to a file or folder.',
    description:
      'A blob becomes a file. A map becomes a folder: blobs as files, maps as folders, other values as <key>.json; ' +
      'for a path that ends with .json, and any other value, it is one file in JSON form. ' +
      'A map inside a map becomes a folder whatever its key is. ' +
      'What cannot stand in a file name is percent-encoded; --json tells which key became which file.',
    arguments: {
      '<name>': `${OBJECT_NAME}; of a dag, its root's value`,
      '<path>': 'file or folder to write',
    },
    options: {
      '--force': 'delete what is at the path, with all that it holds, first',
    },
    takesReference: true,
    example: 'dml export my-pipeline out',
    load: () => import('../../commands/export.ts'),
  },
  {
    name: 'ref',
    group: 'Inspect',
    summary: 'Print the commit that a ref points to.',
    arguments: {
      '[name]': 'a branch, or a full name like refs/heads/main; without it every ref is listed',
    },
    example: 'dml ref main',
    load: () => import('../../commands/ref.ts'),
  },
];
