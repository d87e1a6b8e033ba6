import type { StoreErrorCode } from '@daggerml/store';
import { EXIT } from '../invocation/exit-code.ts';
import { AGAIN, DAMAGED, DEFECT, UPDATE } from './hints.ts';
import { NAMES_OF_REFS } from './ref-names.ts';
import type { ErrorWording } from './wording.ts';

const ONE_CHANGE =
  'what was committed before is kept, this one change is not; look at the disk and the space on it, then run the command again';
const WHEN_ENDED = 'run the command again when that process has ended; nothing was changed';
const IN_A_MOMENT = 'run the command again in a moment';

/** Wordings of errors of the store. */
export const STORE_WORDINGS: Readonly<Record<StoreErrorCode, ErrorWording>> = {
  store_missing: {
    exit: EXIT.notARepository,
    message: 'there is no store in "{path}"',
    hint: '"dml init" creates a repository',
  },
  store_gone: {
    exit: EXIT.storage,
    message: 'the store in "{path}" was moved or deleted while this command used it',
    hint: 'nothing of this step was kept; run the command again where the repository is now',
  },
  // @spec DML-CLI-0553
  store_damaged: {
    exit: EXIT.storage,
    message: 'the store[ in "{path}"] is damaged ({detail}[ in {table}])',
    hint: DAMAGED,
    details: {
      data_file_missing: {
        message: 'the store in "{path}" has lost its file "data.mdb", which holds everything',
        hint: 'put the folder back from a backup or a copy, or move it away and run "dml init" for an empty repository',
      },
      not_a_file: {
        message: '"{path}" is not a regular file',
        hint: 'move it away; "lock.mdb" and "stamp" are made anew, "data.mdb" is to be put back from a copy',
      },
      link: {
        message:
          '"{path}" is a symbolic link, which is not followed inside of a repository; nothing was changed',
        hint: 'if you did not make it, look who can write to its folder; else put what it leads to in its place',
      },
      foreign_file: {
        message: '"{path}" is a second name of a file that is no part of the store; nothing was changed',
        hint: 'remove it, which leaves the file under its other name; dml makes its own',
      },
    },
  },
  store_poisoned: {
    exit: EXIT.storage,
    message: 'an earlier write failed, so nothing more was written',
    hint: ONE_CHANGE,
  },
  store_write_failed: {
    exit: EXIT.storage,
    message: 'the system refused a write to the repository[ ({errno})]',
    hint: ONE_CHANGE,
    details: {
      not_durable: {
        message: 'the store was compacted and nothing is lost, but the disk did not confirm it ({errno})',
        hint: 'check the disk before you go on: a power failure may bring the file before back, without what is written from now on',
      },
    },
  },
  store_read_only: {
    exit: EXIT.defect,
    message: 'a command that reads tried to write ({label})',
    hint: DEFECT,
  },
  store_closed: { exit: EXIT.defect, message: 'the store was closed already', hint: DEFECT },
  store_nested_write: {
    exit: EXIT.defect,
    message: 'a write was begun inside another one ({label})',
    hint: DEFECT,
  },
  store_misuse: { exit: EXIT.defect, message: 'the store was used wrongly ({detail})', hint: DEFECT },
  store_open_elsewhere: {
    exit: EXIT.defect,
    message: 'this process has the store open already',
    hint: DEFECT,
  },
  store_worker_thread: { exit: EXIT.defect, message: 'a store opens only in the main thread', hint: DEFECT },
  store_network_filesystem: {
    exit: EXIT.storage,
    message: '"{path}" is on a network file system ({kind})',
    hint: 'keep the repository on a local disk; the store would not be safe there',
  },
  store_unwritable: {
    exit: EXIT.storage,
    message: '"{path}" cannot be written ({errno})',
    hint: 'check the permissions of the folder and the space on its disk; commands that read use its lock table too',
    details: {
      folder_not_empty: {
        message: '"{path}" holds other things than a store',
        hint: 'choose a place of its own for the repository, or move them away',
      },
    },
  },
  store_unreadable: {
    exit: EXIT.storage,
    message: 'the system refused to open or read "{path}"[ ({errno})]',
    hint: 'run the command again; if that does not help, look at the disk and at the limits of the system',
    details: {
      no_locks: {
        message: 'the system refused to open the lock file of the store in "{path}"',
        hint: 'run the command again; if that does not help, look at the rights of the file "lock.mdb"',
      },
    },
  },
  store_close_failed: {
    exit: EXIT.storage,
    message: 'the work is done and kept, but the store in "{path}" could not be closed in order[ ({errno})]',
    hint: 'nothing is lost, and the next command clears up; look at the disk',
  },
  // @spec DML-CLI-0750
  session_lost: {
    exit: EXIT.storage,
    message:
      'another command has taken this one for ended, so nothing more was written: unsaved work may be gone',
    hint: AGAIN,
    details: {
      replaced: {
        message:
          'the files of the store in "{path}" were replaced while this command used them, so nothing more was written',
        hint: AGAIN,
      },
    },
  },
  store_busy: {
    exit: EXIT.storage,
    message: 'the store is busy ({detail})',
    hint: IN_A_MOMENT,
    details: {
      readers: {
        message: 'too many processes read the store: all {limit} reader slots are taken',
        hint: 'run the command again when some of them have ended',
      },
      locks: {
        message:
          'the processes that used the store before left its locks unusable, and some of them still hold it',
        hint: 'run the command again when the other commands on this repository have ended',
      },
      compacting: { message: 'another process compacts the store', hint: IN_A_MOMENT },
      replaced: { message: 'another process has just replaced the files of the store', hint: IN_A_MOMENT },
      write_lock: {
        message:
          'process {pid}[ of {namespace} process namespace, such as a container,] holds the repository for writing and does not go on',
        hint: WHEN_ENDED,
      },
      process_number: {
        message:
          'process {pid} of {namespace} process namespace, such as a container, uses the repository, and this process has the same number',
        hint: WHEN_ENDED,
      },
    },
  },
  store_full: {
    exit: EXIT.storage,
    message: 'there is not enough space in "{path}": {neededBytes} needed, {availableBytes} left',
    hint: 'what was committed before is kept, this one change is not; free space on its disk, then run the command again',
  },
  // @spec DML-CLI-1202
  schema_newer: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml knows schemas up to {supported}',
    hint: UPDATE,
  },
  schema_older: {
    exit: EXIT.newer,
    message: 'the repository has schema {schema}; this dml needs schema {supported}',
    hint: 'a command that writes brings it up to date, for example "dml gc"',
  },
  engine_older: {
    exit: EXIT.newer,
    message: 'the engine {engine} wrote the repository; this dml has {supported}',
    hint: UPDATE,
  },
  object_missing: { exit: EXIT.storage, message: 'the object {objectId} is not in the store', hint: DAMAGED },
  object_withheld: {
    exit: EXIT.storage,
    message: 'the {class} {objectId} is not here: {domain} withholds it',
    hint: 'nothing is damaged; ask those who publish it for what you need',
  },
  ref_name_invalid: {
    exit: EXIT.usage,
    message: '"{refName}" is not a valid name of a ref',
    hint: '"dml ref" lists the refs with their full names',
    details: NAMES_OF_REFS,
  },
  ref_missing: {
    exit: EXIT.unknownObject,
    message: 'there is no such ref',
    hint: '"dml branch" lists the branches',
  },
  ref_target_missing: { exit: EXIT.storage, message: 'the commit {commitId} is not complete', hint: DAMAGED },
  object_too_large: {
    exit: EXIT.pipeline,
    message: 'a {class} of {sizeBytes} is above the limit of {limitBytes}',
    hint: 'store large content as a blob',
  },
  sequence_unknown: {
    exit: EXIT.unknownObject,
    message: 'the journal ends at {lastSequence}, before {sequence}',
  },
  gc_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was deleted, because it would not be safe ({detail})',
    hint: 'run "dml verify" to see what is damaged',
    details: {
      no_roots: {
        message: 'nothing was deleted: there is no commit yet',
        hint: '"dml run <file>" makes the first one',
      },
      already_running: {
        message:
          'nothing was deleted: process {pid}[ of {namespace} process namespace, such as a container,] is collecting already',
        hint: 'wait until it has ended',
      },
      claim_lost: {
        message:
          'the collection ended early, because another command has taken this one for ended and collects instead',
        hint: 'what was deleted until then was garbage; wait until the other one has ended',
      },
      newer_format: {
        message:
          'nothing was deleted: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
        hint: UPDATE,
      },
    },
  },
  transfer_invalid: {
    exit: EXIT.storage,
    message: 'the stream is not valid ({detail})',
    hint: 'make the file anew',
    details: {
      newer_format: {
        message:
          'a newer version of dml wrote a record of the stream, which this one cannot read; no branch was moved',
        hint: UPDATE,
      },
    },
  },
  compaction_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was compacted ({detail})',
    hint: IN_A_MOMENT,
    details: {
      // @spec DML-CLI-1020
      open_elsewhere: {
        message: 'the store in "{path}" was not compacted: another process uses it',
        hint: 'the collection is done; run "dml gc --compact" again when no other command or program uses the repository',
      },
      already_running: { message: 'another process compacts the store', hint: IN_A_MOMENT },
      replaced: { message: 'another process has just replaced the files of the store', hint: IN_A_MOMENT },
      changed: {
        message: 'the store in "{path}" was not compacted: it was written to meanwhile',
        hint: 'the collection is done; run "dml gc --compact" again when no other command or program uses the repository',
      },
    },
  },
  backup_refused: {
    // @spec DML-CLI-1082
    exit: EXIT.unsafe,
    message: 'no backup was made ({detail})',
    hint: 'run "dml verify" first',
    details: {
      inside_source: {
        message: '"{path}" is the repository itself, or inside it',
        hint: 'give a folder elsewhere, best on another disk',
      },
      not_a_backup: {
        message: '"{path}" is a repository in its own right, not a backup',
        hint: 'give a folder that holds no repository, or an earlier backup of this one',
      },
      other_repository: {
        message: '"{path}" is the backup of another repository',
        hint: 'give a folder that holds no repository, or an earlier backup of this one',
      },
      diverged: {
        message:
          'branches were moved in the backup "{path}" itself, or the repository has lost moves that it has',
        hint: 'keep that backup, and give another folder',
      },
      in_use: {
        message: 'another process writes to the backup "{path}"',
        hint: 'wait until it has ended',
      },
      occupied: {
        message: '"{path}" holds something that is no backup',
        hint: 'give a folder that is empty or does not exist yet, or an earlier backup of this repository',
      },
      source_changed: {
        message: 'an object went away or came back while the backup was made',
        hint: 'run "dml backup" again; if that does not help, run "dml verify"',
      },
      target_changed: {
        message: 'objects were removed from the backup "{path}" while it was brought up to date',
        hint: 'run "dml backup" again when nothing else uses the backup',
      },
      root_unreadable: {
        message: 'the repository lacks {class} {objectId}, which a ref or hold names; no backup was made',
        hint: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
      },
      closure_incomplete: {
        message: 'the repository lacks {class} {objectId}; no backup was made',
        hint: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
      },
      newer_format: {
        message:
          'no backup was made: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
        hint: UPDATE,
      },
      object_damaged: {
        message: 'the {class} {objectId} is damaged; no backup was made',
        hint: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
      },
    },
  },
  excision_refused: {
    exit: EXIT.unsafe,
    message: 'nothing was excised ({detail})',
    hint: '"dml show" prints what the object is',
    details: {
      newer_format: {
        message:
          'nothing was excised: a newer version of dml wrote the {class} {objectId}, and this one cannot tell what it needs',
        hint: UPDATE,
      },
    },
  },
  history_invalid: { exit: EXIT.storage, message: 'the history is not valid ({detail})', hint: DAMAGED },
};
