import { fail } from '../errors.ts';
import type { BlobDatum, ExecRecord, ReferenceRecord, UriDatum } from './record-types.ts';

/** Throws `invalid_payload` with `exec_times` or `exec_source_fields` where members of an exec contradict each other. */
export function checkExec(exec: ExecRecord): void {
  if (exec.nodeKind === 'builtin') return;
  const { startedMs, finishedMs, sourceExecId, requestId, receiptDatumId } = exec;
  // @spec DML-OBJ-1509
  if ((startedMs === null) !== (finishedMs === null) || finishedMs! < startedMs!) fail('exec_times');
  // @spec DML-OBJ-1513
  if (sourceExecId !== null && (startedMs !== null || requestId !== null || receiptDatumId !== null))
    fail('exec_source_fields');
}

/** Throws `invalid_payload` with `reference_ended` where a reference without a commit carries references onward. */
export function checkReference({ commitId, references }: ReferenceRecord): void {
  // @spec DML-OBJ-1823
  if (commitId === null && (typeof references === 'string' || references.length > 0)) fail('reference_ended');
}

/** Throws `invalid_payload` with `uri_attachment` where the text of a URI lacks the id of its attachment. */
export function checkAttachment({ value, attachmentDatumId }: UriDatum): void {
  // @spec DML-OBJ-1011
  if (attachmentDatumId !== undefined && !value.includes(attachmentDatumId)) fail('uri_attachment');
}

/** SHA-256 of no bytes. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Throws `invalid_payload` with `blob_size` or `blob_content` where a blob contradicts its embedded chunks; chunks in
 * pages show nothing by themselves.
 */
export function checkBlob({ root, sizeBytes, contentSha256 }: BlobDatum): void {
  if (typeof root === 'string') return;
  let lengthBytes = 0;
  for (const [, chunkBytes] of root) lengthBytes += chunkBytes;
  // @spec DML-OBJ-1013
  if (lengthBytes !== sizeBytes) fail('blob_size', { sizeBytes, lengthBytes });
  // @spec DML-OBJ-1014
  if (root.length < 2 && (root[0]?.[0] ?? EMPTY_SHA256) !== contentSha256) fail('blob_content');
}
