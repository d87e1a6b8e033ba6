import type { StoreErrorCode } from '@daggerml/store';
import { EXIT } from '../invocation/exit-code.ts';
import { AGAIN, DAMAGED, DEFECT, UPDATE } from './hints.ts';
import type { ErrorAdvice } from './wording.ts';

const ONE_CHANGE =
  'what was committed before is kept, this one change is not; look at the disk and the space on it, then run the command again';
const WHEN_ENDED = 'run the command again when that process has ended; nothing was changed';
const IN_A_MOMENT = 'run the command again in a moment';

/** Next steps for errors of the store. */
export const STORE_ADVICE: Readonly<Record<StoreErrorCode, ErrorAdvice>> = {
  store_missing: { exit: EXIT.notARepository, hint: '"dml init" creates a repository' },
  store_gone: {
    exit: EXIT.storage,
    hint: 'nothing of this step was kept; run the command again where the repository is now',
  },
  // @spec DML-CLI-0553
  store_damaged: {
    exit: EXIT.storage,
    hint: DAMAGED,
    details: {
      data_file_missing:
        'put the folder back from a backup or a copy, or move it away and run "dml init" for an empty repository',
      not_a_file:
        'move it away; "lock.mdb" and "stamp" are created again, "data.mdb" must be restored from a copy',
      link: 'if you did not make it, look who can write to its folder; else put what it leads to in its place',
      foreign_file: 'remove it, which leaves the file under its other name; dml makes its own',
    },
  },
  store_poisoned: { exit: EXIT.storage, hint: ONE_CHANGE },
  store_write_failed: {
    exit: EXIT.storage,
    hint: ONE_CHANGE,
    details: {
      not_durable:
        'check the disk before you go on: a power failure may bring the file before back, without what is written from now on',
    },
  },
  store_read_only: { exit: EXIT.defect, hint: DEFECT },
  store_closed: { exit: EXIT.defect, hint: DEFECT },
  store_nested_write: { exit: EXIT.defect, hint: DEFECT },
  store_misuse: { exit: EXIT.defect, hint: DEFECT },
  store_open_elsewhere: { exit: EXIT.defect, hint: DEFECT },
  store_worker_thread: { exit: EXIT.defect, hint: DEFECT },
  store_network_filesystem: {
    exit: EXIT.storage,
    hint: 'keep the repository on a local disk; the store would not be safe there',
  },
  store_unwritable: {
    exit: EXIT.storage,
    hint: 'check the permissions of the folder and the space on its disk; commands that read use its lock table too',
    details: {
      folder_not_empty: 'choose a place of its own for the repository, or move them away',
    },
  },
  store_unreadable: {
    exit: EXIT.storage,
    hint: 'run the command again; if that does not help, look at the disk and at the limits of the system',
    details: {
      no_locks: 'run the command again; if that does not help, look at the rights of the file "lock.mdb"',
    },
  },
  store_close_failed: {
    exit: EXIT.storage,
    hint: 'nothing is lost, and the next command clears up; look at the disk',
  },
  // @spec DML-CLI-0750
  session_lost: {
    exit: EXIT.storage,
    hint: AGAIN,
  },
  store_busy: {
    exit: EXIT.storage,
    hint: IN_A_MOMENT,
    details: {
      readers: 'run the command again when some of them have ended',
      locks: 'run the command again when the other commands on this repository have ended',
      write_lock: WHEN_ENDED,
      process_number: WHEN_ENDED,
    },
  },
  store_full: {
    exit: EXIT.storage,
    hint: 'what was committed before is kept, this one change is not; free space on its disk, then run the command again',
  },
  // @spec DML-CLI-1202
  schema_newer: { exit: EXIT.newer, hint: UPDATE },
  schema_older: {
    exit: EXIT.newer,
    hint: 'a command that writes brings it up to date, for example "dml gc"',
  },
  engine_older: { exit: EXIT.newer, hint: UPDATE },
  object_missing: { exit: EXIT.storage, hint: DAMAGED },
  object_withheld: {
    exit: EXIT.storage,
    hint: 'nothing is damaged; ask those who publish it for what you need',
  },
  // @spec DML-CLI-0960
  ref_name_invalid: { exit: EXIT.usage, hint: 'choose another name[, for example "{suggestion}"]' },
  ref_missing: { exit: EXIT.unknownObject, hint: '"dml branch" lists the branches' },
  ref_target_missing: { exit: EXIT.storage, hint: DAMAGED },
  object_too_large: { exit: EXIT.pipeline, hint: 'store large content as a blob' },
  sequence_unknown: { exit: EXIT.unknownObject },
  gc_refused: {
    exit: EXIT.unsafe,
    hint: 'run "dml verify" to see what is damaged',
    details: {
      no_roots: '"dml run <file>" makes the first one',
      already_running: 'wait until it has ended',
      claim_lost: 'what was deleted until then was garbage; wait until the other one has ended',
      newer_format: UPDATE,
    },
  },
  transfer_invalid: {
    exit: EXIT.storage,
    hint: 'create the file again',
    details: {
      newer_format: UPDATE,
    },
  },
  compaction_refused: {
    exit: EXIT.unsafe,
    hint: IN_A_MOMENT,
    details: {
      // @spec DML-CLI-1020
      open_elsewhere:
        'the collection is done; run "dml gc --compact" again when no other command or program uses the repository',
      changed:
        'the collection is done; run "dml gc --compact" again when no other command or program uses the repository',
    },
  },
  backup_refused: {
    // @spec DML-CLI-1082
    exit: EXIT.unsafe,
    hint: 'run "dml verify" first',
    details: {
      inside_source: 'give a folder elsewhere, best on another disk',
      not_a_backup: 'give a folder that holds no repository, or an earlier backup of this one',
      other_repository: 'give a folder that holds no repository, or an earlier backup of this one',
      diverged: 'keep that backup, and give another folder',
      in_use: 'wait until it has ended',
      occupied: 'give a folder that is empty or does not exist yet, or an earlier backup of this repository',
      source_changed: 'run "dml backup" again; if that does not help, run "dml verify"',
      target_changed: 'run "dml backup" again when nothing else uses the backup',
      root_unreadable: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
      closure_incomplete: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
      newer_format: UPDATE,
      object_damaged: 'run "dml verify"; to keep what there is, copy the folder while nothing uses it',
    },
  },
  excision_refused: {
    exit: EXIT.unsafe,
    hint: '"dml show" prints what the object is',
    details: {
      newer_format: UPDATE,
    },
  },
  history_invalid: { exit: EXIT.storage, hint: DAMAGED },
};
