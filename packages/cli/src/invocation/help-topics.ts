/** Help on what is no command of its own. */
export interface HelpTopic {
  /** Word after `dml help`. */
  readonly name: string;
  readonly summary: string;
  readonly text: string;
}

/** Help on names of commits, dags, nodes and other objects. @spec DML-CLI-0312 */
const REFERENCES: HelpTopic = {
  name: 'references',
  summary: 'How commits, dags, nodes and objects are named.',
  text: `How commits, dags, nodes and objects are named.

Where a command takes an object or a commit, these forms are tried from top to bottom:

  form                    example           what it names
  <id>, all 64 digits     3f2a9c…           the object with this id
  refs/<kind>/<name>      refs/heads/main   the commit that any ref points to
  <branch>                main              the newest commit of a branch
  <tag>                   baseline          the commit that a tag names
  <reference>             weather           the commit of another team; "dml reference list" lists them
  <remote>/<branch>       origin/main       the commit of a tracking ref
  <UUID>                  7a91c2d4-…        the commit of work in progress; "dml wip list" lists it
  HEAD                    HEAD              the newest commit of the current branch
  <dag>                   sales             a dag of the current branch
  <beginning of an id>    3f2a9c            the object with the only id that begins so, or the work in
                                            progress with such a UUID; 4 digits at least
  <SHA-256 of a file>     48d77f67e01c      the blob with this content; 4 digits at least
  <commit>~<n>            main~2            the commit n steps back; "~" alone is one step
  <commit>:<dag>          main~2:sales      a dag of that commit
  <dag>#<name>            sales#clean       the node that the dag lists under the name;
                                            sales#root is the dag's root
  <commit>:<dag>#<name>   main~2:sales#clean
  <name>.<key>, [<n>]     sales.totals[0]   a member of the value; sales#totals is short for
                                            sales#root.totals, ["a key"] takes any key

Where a command takes a value, a dag stands for its root's value and a node for its own. A ref
hides a dag of the same name, and the command says so: HEAD:<dag> names the dag, and <dag>#<name> its
nodes all the same. HEAD:<dag> and <id of the dag>#<name> work for every name, whatever is in it.
There is no form for earlier commits of a ref, such as main@{1}: "dml log" lists them with their ids.

What there is to name:
  dml branch              branches
  dml tag                 tags
  dml reference list      references to what other teams have published
  dml log [head]          commits of a branch
  dml dag list            dags of the current branch
  dml show <commit>       dags of a commit
  dml show <dag>          nodes of a dag, with their names and ids
  dml wip list            work in progress

Example:
  $ dml cat main~1:sales#clean
`,
};

/** Help on output that scripts may rely on. @spec DML-CLI-0314 */
const OUTPUT: HelpTopic = {
  name: 'output',
  summary: 'What goes where, the form of errors, exit codes.',
  text: `What goes where, the form of errors, exit codes.

Results go to standard output. Progress, notes and errors go to standard error.

With --json standard output holds one JSON document; of "dml run" one in each line: the events of the
run as they happen, and the result as the last. Standard error holds nothing, or one JSON document when
the command fails:

  {
    "code": "unknown_name",
    "detail": "branch",
    "message": "there is no branch \\"mian\\"",
    "hint": "did you mean: main? \\"dml branch\\" lists the branches"
  }

  code         what went wrong, a word that stays the same from one version to the next
  detail       more about it, a word or null
  message      the same for people; its wording may change
  hint         the next step for people, or null
  failedCalls  only of "dml run": node id, call, inputs, code, message and trace of each failed call
  stack        only with DML_DEBUG: where in dml it happened

A command that fails prints no result, but for "dml verify": what it found is its result.

What code of a pipeline or function prints goes to standard error too. What it writes to descriptor 1
or 2 itself, as other programs do that it starts, goes there as it is, also with --json.

Characters that steer a terminal or that nobody sees are printed as escapes, such as \\u001b; --json has
them as JSON does. "dml cat" prints bytes as they are where no terminal is.

Exit codes:
    0  done
    1  an unexpected failure, a defect of dml
    2  wrong usage: unknown command, option or argument
    3  a ref, dag, name or id that does not exist
    4  an ambiguous prefix
    5  not a repository, or no such folder
    6  refused: not a fast-forward, a conflict, something would be lost, a ref moved by another process
    7  a call failed, or the ops on a target did
    8  an infrastructure failure outlasted its retries, a call needs what --resources does not offer, or
       the system starts no process
    9  the repository needs a newer dml: its schema, its engine or records in it are newer
   10  the store cannot be opened, read or written
   11  "dml verify" found damage
   12  the pipeline file is missing, throws, or exports no pipeline
   13  nothing was done because it would be unsafe, such as a collection without roots
  129  ended by SIGHUP, as when its terminal is closed
  130  interrupted
  143  ended by SIGTERM

Example:
  $ dml cat sales --json 2> error.json || echo "ended with $?"
`,
};

/** Help on space and backups. @spec DML-CLI-1021 */
const SPACE: HelpTopic = {
  name: 'space',
  summary: 'Backup and space: copies of a repository, room on the disk.',
  text: `Backup and space.

"dml backup <folder>" copies the repository while it is in use, and adds what is new when it is run
again. The copy is a repository: "dml --repo <folder> log" looks into it. To go back to it, put its
.dml in the place of the other while nothing uses either.

A snapshot of the file system (LVM, ZFS, btrfs) holds a valid repository at any moment. Copying the
folder .dml file by file does only while nothing writes to it: a copy that is made during a write can
be damaged. "dml verify --repo <copy>" checks a copy.

What takes room:
  dml gc --dry-run        counts what nothing refers to
  dml wip prune --all     forgets work in progress, so that the next collection takes it
  dml branch --delete     lets go of the commits of a branch
  dml forget --keep 10    lets go of its earlier commits
  dml gc                  deletes what nothing refers to; the store uses its room again
  dml gc --compact        then gives the room back to the disk

The file of the store grows and never shrinks by itself. A compaction writes a new one and needs room
for both; it is refused while another process uses the store, and a crash leaves the old file or the
new one, whole.

Example:
  $ dml backup ../backup && dml gc --compact
`,
};

/** Every topic, in the order in which help lists them. */
export const HELP_TOPICS: readonly HelpTopic[] = [REFERENCES, OUTPUT, SPACE];
