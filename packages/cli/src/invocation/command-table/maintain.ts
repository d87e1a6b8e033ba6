import type { CommandSpec } from '../command.ts';

/** Commands that keep a repository healthy. */
export const MAINTAIN: readonly CommandSpec[] = [
  {
    name: 'gc',
    group: 'Maintain',
    summary: 'Delete what nothing refers to.',
    description:
      'The store uses the room of what was deleted again; its file shrinks with --compact only: see ' +
      '"dml help space".',
    options: {
      '--dry-run': 'print what would be deleted and delete nothing',
      '--why <object>': 'delete nothing and print why an object is kept, as a path from a root',
      '--compact': 'then rebuild the store into a smaller file, while no other process uses it',
    },
    conflicts: { '--why <object>': ['dryRun'], '--compact': ['dryRun', 'why'] },
    takesReference: true,
    example: 'dml gc --dry-run',
    load: () => import('../../commands/gc.ts'),
  },
  {
    name: 'backup',
    group: 'Maintain',
    summary: 'Copy the repository to a folder while it is in use.',
    description:
      'The copy is checked, and is a repository itself: "dml --repo <folder>" works with it. Run it again to add ' +
      'what is new, or to go on after it was interrupted.',
    arguments: {
      '<folder>': 'folder to copy to: a new or empty one, or an earlier backup',
    },
    example: 'dml backup /backups/project',
    load: () => import('../../commands/backup.ts'),
  },
  {
    name: 'verify',
    group: 'Maintain',
    summary: 'Check every object and ref.',
    description: 'What is wrong is counted by its kind, with the first few of each.',
    options: { '--all': 'list every finding, as --json does' },
    example: 'dml verify',
    load: () => import('../../commands/verify.ts'),
  },
  {
    name: 'trust',
    group: 'Maintain',
    summary: 'Use a repository of another user.',
    description:
      'A repository that belongs to another user, or that everybody may write to, is refused: whoever wrote there ' +
      'decides what its commands return and run. This puts the folder on the list of those that you use all the same, ' +
      'the file daggerml/trusted in your configuration folder. Without a folder the list is printed.',
    arguments: { '[folder]': 'a folder in the repository' },
    options: { '--remove': 'take the folder off the list' },
    example: 'dml trust /srv/team/project',
    load: () => import('../../commands/trust.ts'),
  },
  {
    name: 'adapter list',
    group: 'Maintain',
    summary: 'List the execution adapters that PATH offers.',
    description:
      'An adapter is an executable whose name begins with "dml-", in a folder of PATH that only its owner can write to. ' +
      'It runs the functions whose URIs begin with dml+exec://<name>/. None is started.',
    example: 'dml adapter list',
    load: () => import('../../commands/adapter-list.ts'),
  },
  {
    name: 'adapter check',
    group: 'Maintain',
    summary: 'Start an execution adapter and check whether it keeps its contract.',
    arguments: { '<name>': 'name of the executable, dml-<name>' },
    options: {
      '--call <uri>': 'also have it run this function, twice',
      '--inputs <json>': 'the inputs of that call, a list as JSON; none by default',
    },
    example: "dml adapter check dml-stats --call dml+exec://dml-stats/v1/mean --inputs '[[1, 2, 4.5]]'",
    load: () => import('../../commands/adapter-check.ts'),
  },
  {
    name: 'schema',
    group: 'Maintain',
    summary: 'Print the schema version of the repository and what wrote it.',
    example: 'dml schema',
    load: () => import('../../commands/schema.ts'),
  },
  {
    name: 'version',
    group: 'Maintain',
    summary: 'Print the versions of dml, its formats and its engine.',
    example: 'dml version',
    load: () => import('../../commands/version.ts'),
  },
];
