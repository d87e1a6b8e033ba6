/** Words of git and DVC that people type here, by command; the text says which command is meant. */
export const HABITS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    add: '"dml run <file>" runs a pipeline and commits what it makes; files are its inputs',
    checkout:
      '"dml switch <branch>" goes to a branch, "dml dag restore <commit>:<dag>" brings a dag back, "dml export" writes a value to files',
    commit: '"dml run <file>" runs a pipeline and commits what it makes',
    diff: '"dml compare <first> [others...]" prints what differs between commits',
    exp: '"dml table" lists the runs of a dag, "dml compare" what differs between them',
    get: '"dml export <name> <path>" writes a value to files',
    import: '"dml reference add" takes what another team has published',
    'ls-remote': '"dml branch --remotes" lists the branches of remotes as "dml fetch" brought them',
    metrics: '"dml table" lists the runs of a dag with their metrics, "dml compare" what differs',
    plots: '"dml plot <dag> <metric>" draws a metric over the runs of a dag',
    rebase: '"dml merge <branch>" takes what another branch has',
    repro: '"dml run <file>" runs a pipeline, and computes only what is not known yet',
    reset: '"dml branch <name> <commit>" makes a branch at an earlier commit, "dml switch <name>" goes to it',
    restore: '"dml dag restore <commit>:<dag>" brings a dag back',
    revert: '"dml dag restore <commit>:<dag>" brings a dag back as it was',
  },
  branch: {
    '-D': '"dml branch --delete --force <name>" deletes a branch also with commits of its own',
    '-m': '"dml branch <new> <old>" makes the branch under the new name, "dml branch --delete <old>" deletes the old one',
    '-u': 'a branch follows the one of its name on the remote; "dml status" shows how they stand',
    '-v': '"dml branch" lists the branches with their commits, "dml status" how one stands to its remote',
    '-vv': '"dml branch" lists the branches with their commits, "dml status" how one stands to its remote',
  },
  fetch: {
    '--all': '"dml fetch <remote>" brings every branch of one remote; "dml remote list" lists the remotes',
    '--tags': 'leave it out: tags come with every fetch',
  },
  gc: { '--remote': '"dml remote gc" deletes what nothing on a remote reaches' },
  log: {
    '--all': '"dml log <branch>" lists the commits of a branch; "dml branch --all" lists the branches',
    '-p': '"dml compare <commit>~1 <commit>" prints what a commit changed',
  },
  merge: {
    '--abort': 'there is nothing to abort: a merge is made whole, or nothing is changed',
    '--continue': 'there is nothing to continue: run the merge again and say which side to take',
  },
  pull: { '--rebase': 'leave it out: "dml pull" moves the branch forward, or merges' },
  push: {
    '-f': '"dml push --force-with-lease" moves a branch there also to a commit that is no descendant',
    '--force': '"dml push --force-with-lease" moves a branch there also to a commit that is no descendant',
    '-u': 'leave it out: a branch follows the one of its name on the remote',
    '--set-upstream': 'leave it out: a branch follows the one of its name on the remote',
  },
  remote: {
    '-v': '"dml remote list" lists the remotes with their places',
    prune:
      '"dml fetch --prune <remote>" removes tracking refs of branches that the remote does not have any more',
    rename:
      '"dml remote add <new> <place>" adds the place under the new name, "dml remote remove <old>" forgets the old one',
    'set-url': '"dml remote remove <name>", then "dml remote add <name> <place>" gives a name another place',
    show: '"dml remote list" lists the remotes, "dml remote log <name>" what happened on one',
  },
  switch: {
    '-c': '"dml branch <name> [commit]" makes a branch, "dml switch <name>" goes to it',
    '--create': '"dml branch <name> [commit]" makes a branch, "dml switch <name>" goes to it',
  },
  tag: { '-a': 'leave it out: "dml tag <name> [commit]" makes a tag', '-l': '"dml tag" lists the tags' },
};

/** Commands that are meant where one is given more words than it takes. */
export const MORE_WORDS: Readonly<Record<string, string>> = {
  fetch:
    '"dml fetch <remote>" brings every branch of the remote; "dml pull <remote> <branch>" also merges one',
};

/**
 * Returns what a word of git or DVC means here that a command, '' for `dml` itself, does not know; undefined for any
 * other word.
 *
 * @spec DML-CLI-3842
 */
export function meaningOf(command: string, word: string): string | undefined {
  const known = HABITS[command] ?? {};
  const bare = word.split('=', 1)[0] as string;
  return Object.hasOwn(known, bare) ? known[bare] : undefined;
}

/** Returns what is meant by more words than a command takes; undefined where that is not known. */
export function meaningOfMoreWords(command: string): string | undefined {
  return MORE_WORDS[command];
}
