/** Codes of failures of a script that follow from the script and its inputs. */
export type ScriptFailureCode = 'script_failed' | 'output_missing' | 'output_invalid' | 'unsupported_value';

const MAX_MESSAGE_CHARACTERS = 4096;

/** A failure that is recorded: it follows from the script and its inputs. */
export class ScriptFailure extends Error {
  readonly code: ScriptFailureCode;

  constructor(code: ScriptFailureCode, message: string) {
    super(message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed());
    this.code = code;
  }
}

/** A failure that says nothing about the script: of the machine, or of a limit that is no part of it. */
export class AttemptLost extends Error {
  readonly code: 'worker_lost' | 'timeout' | 'program_missing' | 'sandbox_missing' | 'limit_exceeded';

  constructor(code: AttemptLost['code'], message: string) {
    super(message);
    this.code = code;
  }
}
