/** Help on what is no command of its own. */
export interface HelpTopic {
  /** Word after `dml help`. */
  readonly name: string;
  readonly summary: string;
  readonly text: string;
}

/** How a command refers to a commit, a dag, a node or any object. @spec DML-CLI-0312 */
const REFERENCES: HelpTopic = {
  name: 'references',
  summary: 'How commits, dags, nodes and objects are named.',
  text: `How commits, dags, nodes and objects are named.

Where a command takes an object or a commit, these forms are tried from top to bottom:

  form                    example           what it names
  <branch>                main              the newest commit of a branch
  HEAD                    HEAD              the newest commit of the current branch
  refs/<kind>/<name>      refs/heads/main   the commit that any ref points to
  <dag>                   sales             a dag of the current branch
  <id>                    3f2a9c            the object with this id, or with the only id that begins
                                            so; 4 digits at least
  <commit>~<n>            main~2            the commit n steps back; "~" alone is one step
  <commit>:<dag>          main~2:sales      a dag of that commit
  <dag>#<name>            sales#clean       the node that the dag lists under the name;
                                            sales#root is the dag's root
  <commit>:<dag>#<name>   main~2:sales#clean

Where a command takes a value, a dag stands for its root's value and a node for its own. A branch
hides a dag of the same name: HEAD:<dag> names the dag. There is no form for what a ref pointed to
earlier, such as main@{1}: "dml log" lists earlier commits with their ids.

What there is to name:
  dml heads               branches
  dml log [head]          commits of a branch
  dml dag list            dags of the current branch
  dml show <commit>       dags of a commit
  dml show <dag>          nodes of a dag, with their names and ids
  dml index list          work in progress

Example:
  $ dml cat main~1:sales#clean
`,
};

/** Every topic, in the order in which help lists them. */
export const HELP_TOPICS: readonly HelpTopic[] = [REFERENCES];
