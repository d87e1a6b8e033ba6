import { fail } from '../errors.ts';
import type { ExecutionKey } from '../ids.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  hexField,
  linkTo,
  optionalLinkTo,
  readCount,
  readHex,
  readKindNumber,
  readLink,
  readOptionalLink,
} from './fields.ts';
import type { BuiltinExec, CallExec, ExecRecord, ExecStatus } from './record-types.ts';
import { readRoot, rootValue } from './root.ts';

const NODE_KIND_CALL = 2;
const NODE_KIND_BUILTIN = 4;
const FIELD_COUNT = 11;

/**
 * Yields the fields of an exec, checked; both kinds have the same places.
 *
 * @spec DML-OBJ-1501
 */
export function execFields(exec: ExecRecord): Fields {
  const nodeKind = exec.nodeKind;
  if (nodeKind !== 'call' && nodeKind !== 'builtin') fail('exec_node_kind');
  const head = [
    linkTo('node', exec.nodeId),
    nodeKind === 'call' ? NODE_KIND_CALL : NODE_KIND_BUILTIN,
    hexField(exec.executionKey, 32),
    statusNumber(exec.status),
  ];
  // @spec DML-OBJ-1505
  if (exec.nodeKind === 'builtin') {
    return [...head, linkTo('datum', exec.resultDatumId), [], null, null, null, null, null];
  }
  checkTimes(exec.startedMs, exec.finishedMs);
  return [
    ...head,
    // @spec DML-OBJ-1504
    linkTo('dag', exec.resultDagId),
    rootValue('pins', exec.pins),
    optionalLinkTo('exec-request', exec.requestId),
    optionalLinkTo('exec', exec.sourceExecId),
    exec.startedMs,
    exec.finishedMs,
    optionalLinkTo('datum', exec.receiptDatumId),
  ];
}

/** Reads an exec from its fields. */
export function readExec(fields: Fields): ExecRecord {
  checkFieldCount(fields, FIELD_COUNT);
  const nodeId = readLink(fields[0], 'node');
  const nodeKind = readKindNumber(fields[1], 'exec_node_kind');
  // @spec DML-OBJ-1510
  const executionKey = readHex(fields[2], 32) as ExecutionKey;
  const status = readStatus(readKindNumber(fields[3], 'exec_status'));
  const common = { type: 'exec', nodeId, executionKey, status } as const;
  if (nodeKind === NODE_KIND_CALL) return readCallExec(common, fields);
  // @spec DML-OBJ-1502
  if (nodeKind !== NODE_KIND_BUILTIN) fail('exec_node_kind');
  return readBuiltinExec(common, fields);
}

type CommonFields = Pick<ExecRecord, 'type' | 'nodeId' | 'executionKey' | 'status'>;

function readCallExec(common: CommonFields, fields: Fields): CallExec {
  const exec: CallExec = {
    ...common,
    nodeKind: 'call',
    resultDagId: readLink(fields[4], 'dag'),
    pins: readRoot('pins', fields[5]),
    requestId: readOptionalLink(fields[6], 'exec-request'),
    sourceExecId: readOptionalLink(fields[7], 'exec'),
    startedMs: fields[8] === null ? null : readCount(fields[8]),
    finishedMs: fields[9] === null ? null : readCount(fields[9]),
    receiptDatumId: readOptionalLink(fields[10], 'datum'),
  };
  checkTimes(exec.startedMs, exec.finishedMs);
  return exec;
}

function readBuiltinExec(common: CommonFields, fields: Fields): BuiltinExec {
  const resultDatumId = readLink(fields[4], 'datum');
  const pins = fields[5];
  // @spec DML-OBJ-1507
  if (!Array.isArray(pins) || pins.length > 0 || fields.slice(6).some((field) => field !== null)) {
    fail('exec_builtin_fields');
  }
  return { ...common, nodeKind: 'builtin', resultDatumId };
}

function statusNumber(status: ExecStatus): number {
  if (status === 'ok') return 1;
  return status === 'error' ? 2 : fail('exec_status');
}

// @spec DML-OBJ-1503
function readStatus(statusNumber: number): ExecStatus {
  if (statusNumber === 1) return 'ok';
  return statusNumber === 2 ? 'error' : fail('exec_status');
}

function checkTimes(startedMs: number | null, finishedMs: number | null): void {
  if (startedMs !== null) checkCount(startedMs);
  if (finishedMs !== null) checkCount(finishedMs);
  // @spec DML-OBJ-1509
  if (finishedMs !== null && (startedMs === null || finishedMs < startedMs)) fail('exec_times');
}
