import type { ErrorCode } from '@daggerml/object-model';
import { EXIT } from '../invocation/exit-code.ts';
import { DAMAGED } from './hints.ts';
import type { ErrorWording } from './wording.ts';

const BAD_RECORD: ErrorWording = {
  exit: EXIT.storage,
  message: 'a record is not valid ({detail})',
  hint: DAMAGED,
};

/** Wordings of object model errors that reach users: a damaged or hostile record, or a value of a pipeline. */
export const RECORD_WORDINGS: Readonly<Record<ErrorCode, ErrorWording>> = {
  invalid_header: BAD_RECORD,
  invalid_bounds: BAD_RECORD,
  invalid_kind: BAD_RECORD,
  invalid_payload: {
    ...BAD_RECORD,
    details: {
      excised: {
        // @spec DML-CLI-0827
        message: 'the {class} {objectId} was excised by {actor}: {reason}[ – {message}]',
        hint: 'its bytes were taken out on purpose; "dml log" shows which commits are left',
      },
    },
  },
  invalid_utf8: {
    exit: EXIT.pipeline,
    message: 'a text is not valid ({detail})',
    hint: 'texts are Unicode without lone surrogates',
  },
};
