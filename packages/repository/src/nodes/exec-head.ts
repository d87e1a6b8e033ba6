import { type DagId, type DatumId, type ExecRecord, FORMAT_VERSION } from '@daggerml/object-model';

/** The places of an exec that say what was computed and what came of it. */
export interface ExecHead extends Pick<ExecRecord, 'nodeKind' | 'status' | 'functionDatumId' | 'inputs'> {
  /** The dag of a call, the datum of a builtin. */
  readonly resultId: DagId | DatumId;
}

const LINK_BYTES = 41;
/** Tag, byte string head, identity prefix and CID prefix stand in front of the 32 bytes of an id. */
const ID_OFFSET = 9;
/** Array head, format version, type number, node link and node kind stand in front of the status. */
const STATUS_OFFSET = 3 + LINK_BYTES + 1;
const INPUTS_OFFSET = STATUS_OFFSET + 1 + LINK_BYTES;
const BUILTIN = 4;
/** The head of an array of so many members is one byte. */
const MAX_SHORT_ARRAY = 23;

/**
 * Returns the head of an exec from its record bytes, whose hash was checked: everything in front of it has a fixed
 * length, so that a re-run of many calls need not decode every exec.
 * Undefined for an exec of a newer format and one of many inputs, which have to be decoded.
 */
export function execHeadOf(bytes: Uint8Array): ExecHead | undefined {
  const count = (bytes[INPUTS_OFFSET] ?? 0) - 0x80;
  if (bytes[1] !== FORMAT_VERSION || count < 0 || count > MAX_SHORT_ARRAY) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const inputs: DatumId[] = [];
  for (let index = 0; index < count; index += 1)
    inputs.push(idAt(view, INPUTS_OFFSET + 1 + index * LINK_BYTES));
  return {
    nodeKind: bytes[STATUS_OFFSET - 1] === BUILTIN ? 'builtin' : 'call',
    status: bytes[STATUS_OFFSET] === 1 ? 'ok' : 'error',
    functionDatumId: idAt(view, STATUS_OFFSET + 1),
    inputs,
    resultId: idAt(view, INPUTS_OFFSET + 1 + count * LINK_BYTES),
  };
}

/** Returns the head of an exec that was decoded. */
export function headOf(exec: ExecRecord): ExecHead {
  const { nodeKind, status, functionDatumId, inputs } = exec;
  const resultId = exec.nodeKind === 'builtin' ? exec.resultDatumId : exec.resultDagId;
  return { nodeKind, status, functionDatumId, inputs, resultId };
}

function idAt(view: Buffer, offset: number): DatumId {
  return view.toString('hex', offset + ID_OFFSET, offset + LINK_BYTES) as DatumId;
}
