import { formatMessage } from './error-message.ts';
import { type DetailOf, ERROR_DETAILS, type ErrorCode, type ErrorDetail } from './error-table.ts';

/** Plain facts of an error, by name. */
export type DmlErrorFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Members of a {@link DmlError}. */
export interface DmlErrorInit<Code extends string = string> {
  readonly code: Code;
  /** Record type the error is about, where one is known. */
  readonly recordType?: string | undefined;
  /** Short stable reason below the code. */
  readonly detail?: string | undefined;
  /** Facts that help a reader; never payload bytes, never secrets. */
  readonly fields?: DmlErrorFields | undefined;
  readonly cause?: unknown;
  /** Words for a person; the reason without them. */
  readonly message?: string | undefined;
  /** Place in the author's code, written in front of the words. */
  readonly position?: string | undefined;
}

/**
 * The one error class of DaggerML: a code, an optional detail and plain facts.
 *
 * Packages close `Code` over their own list of codes. Hints and exit codes belong to the command line.
 *
 * @spec DML-OBJ-0803
 */
export class DmlError<Code extends string = string> extends Error {
  override readonly name = 'DmlError';
  readonly code: Code;
  readonly recordType: string | undefined;
  readonly detail: string | undefined;
  readonly fields: DmlErrorFields;
  /** The part of the message that says what is wrong, without code, position and next step. */
  readonly words: string;
  /** Place in the author's code, where one is known. */
  readonly position: string | undefined;

  constructor(init: DmlErrorInit<Code>) {
    const words = init.message ?? formatReason(init.recordType, init.detail);
    const { position, fields: { instead } = {} } = init;
    super(
      `${init.code}: ${position ? `${position}: ` : ''}${words}${instead ? `; ${String(instead)}` : ''}`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.words = words;
    this.position = position;
    this.code = init.code;
    this.recordType = init.recordType;
    this.detail = init.detail;
    this.fields = init.fields ?? {};
  }

  /** Type and detail as `record_type=<type>;detail=<short_reason>`. */
  get reason(): string {
    return formatReason(this.recordType, this.detail);
  }
}

// @spec DML-OBJ-0804
function formatReason(recordType: string | undefined, detail: string | undefined): string {
  return `record_type=${recordType ?? 'unknown'};detail=${detail ?? 'none'}`;
}

/** Error of this package: its code always follows from its detail. */
export type ObjectModelError = DmlError<ErrorCode>;

const BAD_RECORD = 'a record[ of the type {recordType}] is not valid ({detail})';

/** The words of each code, and of those of its details that say it better. */
const MESSAGES: Readonly<Record<ErrorCode, string> & Partial<Record<`${ErrorCode}/${ErrorDetail}`, string>>> =
  {
    invalid_header: BAD_RECORD,
    invalid_bounds: BAD_RECORD,
    invalid_kind: BAD_RECORD,
    invalid_payload: BAD_RECORD,
    'invalid_payload/excised': 'the {class} {objectId} was excised by {actor}: {reason}[ – {message}]',
    invalid_utf8: 'a text is not valid ({detail})',
  };

/** Builds the error for a detail of the table; the code is looked up, never chosen at the call. */
export function objectModelError(
  detail: ErrorDetail,
  more: Omit<DmlErrorInit, 'code' | 'detail'> = {},
): ObjectModelError {
  const code = ERROR_DETAILS[detail];
  const { recordType = '', fields } = more;
  // A tombstone that is met by its header alone says of no object that it was excised.
  const ofDetail = fields?.actor === undefined ? undefined : MESSAGES[`${code}/${detail}`];
  const message =
    more.message ?? formatMessage(ofDetail ?? MESSAGES[code], { ...fields, recordType, detail });
  return new DmlError<ErrorCode>({ ...more, code, detail, message });
}

/**
 * Throws the error for a detail of the table; `fields` never hold bytes or text of the payload.
 *
 * @spec DML-OBJ-0806
 */
export function fail(detail: ErrorDetail, fields?: DmlErrorInit['fields']): never {
  throw objectModelError(detail, { fields });
}

/** Brand of errors: one program may hold several copies of this package, each with a class of its own. */
const BRAND: unique symbol = Symbol.for('daggerml.DmlError') as never;
Object.defineProperty(DmlError.prototype, BRAND, { value: true });

/**
 * Checks whether a caught value is a {@link DmlError} of any copy of this package, optionally of one code and one
 * detail.
 *
 * @spec DML-OBJ-2901
 */
export function isDmlError<Code extends string>(
  caught: unknown,
  code?: Code,
  detail?: Code extends ErrorCode ? DetailOf<Code> : string,
): caught is DmlError<Code> {
  if (typeof caught !== 'object' || caught === null || !(BRAND in caught)) return false;
  const error = caught as unknown as DmlError;
  return (code === undefined || error.code === code) && (detail === undefined || error.detail === detail);
}

const NEWER: ReadonlySet<ErrorDetail> = new Set([
  'newer_version',
  'newer_type',
  'newer_kind',
  'newer_schema',
]);

/**
 * Checks whether a caught error says that a record belongs to a newer format, as opposed to damage: a newer version
 * of this package may read it.
 *
 * @spec DML-OBJ-0237
 */
export function isNewerFormat(caught: unknown): caught is DmlError {
  return isDmlError(caught) && NEWER.has(caught.detail as ErrorDetail);
}
