import type { CommandSpec } from '../command.ts';
import { COMMIT_NAME } from './argument-texts.ts';

/** Commands that move branches and tags and change dags. */
export const CHANGE_REFS: readonly CommandSpec[] = [
  {
    name: 'branch',
    group: 'Change refs',
    summary: 'List, create or delete branches.',
    description:
      'A branch is deleted when another one contains its commits. What is printed says how to bring it back. The ' +
      'branches of remotes, such as origin/main, are those that "dml fetch" brought.',
    arguments: {
      '[name]': 'name of the branch; without it the branches are listed',
      '[commit]': `where it starts, the current commit by default: ${COMMIT_NAME}`,
    },
    options: {
      '-d, --delete': 'delete the branch',
      '--force': 'delete it also with commits that no other branch contains',
      '-a, --all': 'list the branches of remotes as well',
      '-r, --remotes': 'list the branches of remotes alone',
    },
    conflicts: { '-d, --delete': ['all', 'remotes'], '-a, --all': ['remotes'] },
    takesReference: true,
    example: 'dml branch experiment',
    load: () => import('../../commands/branch.ts'),
  },
  {
    name: 'tag',
    group: 'Change refs',
    summary: 'List, create or delete tags: names of commits that do not move.',
    description:
      'A tag stands wherever a commit is named, and keeps its commit from "dml gc". To give it another commit, delete ' +
      'it first.',
    arguments: {
      '[name]': 'name of the tag; without it the tags are listed',
      '[commit]': `what it names, the current commit by default: ${COMMIT_NAME}`,
    },
    options: { '-d, --delete': 'delete the tag' },
    takesReference: true,
    example: 'dml tag baseline',
    load: () => import('../../commands/tag.ts'),
  },
  {
    name: 'switch',
    group: 'Change refs',
    summary: 'Make a branch the current one.',
    description:
      'Where there is no such branch, and a remote has one of that name, such as origin/experiment, the branch is made ' +
      'at its commit.',
    arguments: { '<head>': 'a branch that exists here or, as "dml fetch" brought it, on a remote' },
    example: 'dml switch experiment',
    load: () => import('../../commands/switch.ts'),
  },
  {
    name: 'merge',
    group: 'Change refs',
    summary: 'Merge a commit into a branch.',
    description:
      'A branch without commits of its own moves forward; else a commit with both as parents takes what either side ' +
      'changed. No call runs. What both sides changed differently is listed and nothing is changed, until an option ' +
      'says which side to take. Outcomes of a call with the same value are no conflict.',
    arguments: {
      '<target>': `the branch to merge into; alone, what to merge into the current branch: ${COMMIT_NAME}`,
      '[source]': `what to merge into the target: ${COMMIT_NAME}`,
    },
    options: {
      '--ff-only': 'move the branch forward, or refuse',
      '--ours': 'take what the target has wherever both sides changed something',
      '--theirs': 'take what the source has there',
      '--take <dag=side>':
        'take a dag and the outcomes of its calls from one side: sales=ours or sales=theirs; may be given for each',
      '-m, --message <text>': 'message of the commit, where there is one',
    },
    conflicts: { '--ours': ['theirs'], '--ff-only': ['ours', 'theirs', 'take', 'message'] },
    repeatable: ['--take <dag=side>'],
    takesReference: true,
    example: 'dml merge main experiment',
    load: () => import('../../commands/merge.ts'),
  },
  {
    name: 'dag list',
    group: 'Change refs',
    summary: 'List the dags of the current branch.',
    example: 'dml dag list',
    load: () => import('../../commands/dag-list.ts'),
  },
  {
    name: 'dag delete',
    group: 'Change refs',
    summary: 'Commit the current branch without one of its dags.',
    description: 'The commits before still have the dag. What is printed says how to bring it back.',
    arguments: { '<name>': 'a dag of the current branch' },
    example: 'dml dag delete my-pipeline',
    load: () => import('../../commands/dag-delete.ts'),
  },
  {
    name: 'dag restore',
    group: 'Change refs',
    summary: 'Commit a dag of another commit to the current branch.',
    description: 'It takes the place of a dag that has its name. No call runs.',
    arguments: { '<dag>': '<commit>:<dag>' },
    takesReference: true,
    example: 'dml dag restore main~1:my-pipeline',
    load: () => import('../../commands/dag-restore.ts'),
  },
  {
    name: 'forget',
    group: 'Change refs',
    summary: 'Make the history of a branch shorter, so that "dml gc" deletes the rest.',
    description:
      'The newest commits of "dml log" stay with their dags, values and outcomes, and get other ids, since an id ' +
      'covers the history. What only the earlier ones computed is computed again when it is asked for after "dml gc". Tags, ' +
      'other branches and work in progress stay where they are and keep what they reach. Until "dml gc" runs, ' +
      '--undo brings the history back.',
    arguments: { '[branch]': 'the branch; the current one by default' },
    options: {
      '--keep <number>': 'keep that many commits',
      '--keep-younger <age>': 'keep the commits of the last hours, days or weeks: 12h, 30d, 8w',
      '--dry-run': 'print what would be forgotten and freed, and change nothing',
      '--undo': 'go back to the history before',
    },
    conflicts: { '--keep <number>': ['keepYounger', 'undo'], '--undo': ['keepYounger', 'dryRun'] },
    example: 'dml forget --keep 10 --dry-run',
    load: () => import('../../commands/forget.ts'),
  },
  {
    name: 'wip list',
    group: 'Change refs',
    summary: 'List work in progress.',
    example: 'dml wip list',
    load: () => import('../../commands/wip-list.ts'),
  },
  {
    name: 'wip prune',
    group: 'Change refs',
    summary: 'Forget work in progress.',
    description:
      'The next "dml gc" deletes what only that work had computed. A run that goes on at the same time loses nothing.',
    arguments: { '[name]': 'the name that "dml wip list" shows, or a unique prefix' },
    options: { '--all': 'forget all of it' },
    example: 'dml wip prune 3f2a',
    load: () => import('../../commands/wip-prune.ts'),
  },
];
