import type { ErrorCode } from '@daggerml/object-model';
import { EXIT } from '../invocation/exit-code.ts';
import { DAMAGED } from './hints.ts';
import type { ErrorAdvice } from './wording.ts';

const BAD_RECORD: ErrorAdvice = {
  exit: EXIT.storage,
  hint: DAMAGED,
};

/** Next steps for object model errors that reach users: a damaged or hostile record, or a value of a pipeline. */
export const RECORD_ADVICE: Readonly<Record<ErrorCode, ErrorAdvice>> = {
  invalid_header: BAD_RECORD,
  invalid_bounds: BAD_RECORD,
  invalid_kind: BAD_RECORD,
  invalid_payload: {
    ...BAD_RECORD,
    details: {
      // @spec DML-CLI-0827
      excised: 'its bytes were taken out on purpose; "dml log" shows which commits are left',
    },
  },
  invalid_utf8: { exit: EXIT.pipeline, hint: 'texts are Unicode without lone surrogates' },
};
