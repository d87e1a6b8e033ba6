import type { RepositoryErrorCode } from '@daggerml/repository';
import { EXIT } from '../invocation/exit-code.ts';
import type { ErrorAdvice } from './wording.ts';

const FORMS = '"dml help references" shows the forms of a name';
const NEAREST = '[did you mean: {nearest}? ]';
const TRUST = 'if you trust whoever can write there, run "dml trust {folder}"';

/** Next steps where a repository, or something in it, is not found, not one thing or not trusted. */
export const REPOSITORY_ADVICE: Readonly<Record<RepositoryErrorCode, ErrorAdvice>> = {
  unknown_name: {
    exit: EXIT.unknownObject,
    // @spec DML-CLI-0607
    hint: `${NEAREST}"dml dag list" and "dml branch" list names; ${FORMS}`,
    details: {
      ref: `${NEAREST}"dml branch" lists the branches; "dml show" takes other names too`,
      branch: `${NEAREST}"dml branch" lists the branches`,
      work: '"dml wip list" lists what there is',
      dag: `${NEAREST}"dml show {inside}" lists its dags`,
      node: `${NEAREST}"dml show {inside}" lists its nodes and their names`,
      member: `${NEAREST}"dml cat {inside}" prints the value`,
      history: '"dml log {inside}" lists its commits',
    },
  },
  no_commit: { exit: EXIT.unknownObject, hint: '"dml run <file>" makes the first one' },
  wrong_class: {
    exit: EXIT.usage,
    hint: `"dml show {name}" prints what it holds; ${FORMS}`,
    details: {
      // @spec DML-CLI-1500
      no_branch: '"dml branch <name> {name}" makes a branch there, "dml switch <name>" goes to it',
      no_ref: '"dml ref" lists the refs; "dml show {name}" prints the commit',
      no_work: '"dml wip list" lists what there is',
      no_own_dag: '"dml dag list" lists the dags; "dml show {name}" prints what it names',
      no_dag_of_commit: 'name it <commit>:<dag>; "dml show <commit>" lists the dags of a commit',
    },
  },
  short_prefix: {
    exit: EXIT.ambiguous,
    hint: `give at least 4 digits; "dml dag list" and "dml branch" list names; ${FORMS}`,
  },
  ambiguous_prefix: {
    exit: EXIT.ambiguous,
    hint: 'give more digits; "dml show" with all digits of one prints what it is',
  },
  no_value: { exit: EXIT.unknownObject, hint: 'name a dag, a node or a datum[, for example: {inside}]' },
  not_executed: {
    exit: EXIT.unknownObject,
    hint: 'name its dag through the commit that it belongs to: <commit>:<dag>',
  },
  call_failed: {
    exit: EXIT.callFailed,
    hint: '"dml show {nodeId}" shows more; "dml run --retry-failed" runs it again',
  },
  adapter_unknown: { exit: EXIT.pipeline, hint: 'only captured TypeScript functions run in this version' },
  not_a_repository: { exit: EXIT.notARepository, hint: '"dml init" creates one' },
  repository_unusable: {
    exit: EXIT.notARepository,
    hint: 'look what is there',
    details: {
      dangling_link:
        'bring back what the link leads to, such as a disk that is not mounted, or remove the link',
      not_a_folder: 'move it away, then run "dml init"',
      unfinished_backup:
        'run "dml backup {folder}" again in the repository that it is of; it goes on where it stopped',
    },
  },
  unwritable_folder: { exit: EXIT.storage, hint: 'check its permissions, or choose another folder' },
  repository_untrusted: {
    exit: EXIT.unsafe,
    hint: TRUST,
    details: {
      other_owner: TRUST,
      writable_by_all: `take that right away with "chmod o-w"; or ${TRUST}`,
    },
  },
  trust_list_unsafe: {
    exit: EXIT.unsafe,
    hint: 'look what is in it, then make it yours alone: chown, chmod go-w',
  },
  trust_list_unreadable: {
    exit: EXIT.unsafe,
    hint: 'give yourself the right to read it, or set HOME or XDG_CONFIG_HOME to a folder of yours',
  },
  no_user_folder: {
    exit: EXIT.storage,
    hint: 'set the variable HOME or XDG_CONFIG_HOME to an absolute path',
  },
};
