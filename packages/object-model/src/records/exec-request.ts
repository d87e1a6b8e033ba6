import { bytesOfHex } from '../bytes.ts';
import type { CborValue } from '../cbor/value.ts';
import { fail } from '../errors.ts';
import { checkUri } from '../text/uri.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  linkTo,
  optionalLinkTo,
  readCount,
  readHex,
  readLink,
  readOptionalLink,
} from './fields.ts';
import type { ExecRequestRecord } from './record-types.ts';
import { checkRefName } from './ref-name.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Yields the fields of an exec-request, checked.
 *
 * @spec DML-OBJ-1601
 */
export function execRequestFields(request: ExecRequestRecord): Fields {
  checkSnapshot(request);
  return [
    linkTo('node', request.nodeId),
    linkTo('datum', request.functionDatumId),
    uuidBytes(request.executionUuid),
    optionalLinkTo('commit', request.snapshotCommitId),
    request.snapshotRef === null ? null : checkRefName(request.snapshotRef),
    request.remoteUri === null ? null : checkUri(request.remoteUri),
    checkCount(request.createdMs),
  ];
}

/** Reads an exec-request from its fields. */
export function readExecRequest(fields: Fields): ExecRequestRecord {
  checkFieldCount(fields, 7);
  const request: ExecRequestRecord = {
    type: 'exec-request',
    nodeId: readLink(fields[0], 'node'),
    functionDatumId: readLink(fields[1], 'datum'),
    executionUuid: readUuid(fields[2]),
    snapshotCommitId: readOptionalLink(fields[3], 'commit'),
    snapshotRef: fields[4] === null ? null : checkRefName(fields[4]),
    // @spec DML-OBJ-1602
    remoteUri: fields[5] === null ? null : checkUri(fields[5]),
    createdMs: readCount(fields[6]),
  };
  checkSnapshot(request);
  return request;
}

function checkSnapshot(request: ExecRequestRecord): void {
  // @spec DML-OBJ-1604
  if ((request.snapshotCommitId === null) !== (request.snapshotRef === null)) fail('snapshot_fields');
}

/** Yields the 16 bytes of a UUID in its 36-character lowercase form. */
function uuidBytes(uuid: unknown): Uint8Array {
  // @spec DML-OBJ-1603
  if (typeof uuid !== 'string' || !UUID.test(uuid)) fail('uuid_form');
  return bytesOfHex(uuid.replaceAll('-', ''))!;
}

function readUuid(value: CborValue | undefined): string {
  const hex = readHex(value, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
