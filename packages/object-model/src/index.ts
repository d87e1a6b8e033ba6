/**
 * Records of DaggerML, their bytes and their identity: pure functions over values, nothing else.
 *
 * @spec DML-OBJ-0101
 */
export { readBlob } from './blob/blob-reader.ts';
export type { BlobSource, BlobStore } from './blob/blob-store.ts';
export { BlobWriter, writeBlob } from './blob/blob-writer.ts';
export {
  buildDirectory,
  type DirectoryChange,
  type DirectoryEntry,
  type DirectorySource,
  type DirectoryStore,
  editDirectory,
  readDirectory,
} from './blob/directory.ts';
export { checkFilePath, foldersAbove, isLinkTarget } from './blob/file-path.ts';
export { verifyBlob } from './blob/verify-blob.ts';
export { compareBytes, copyBytes } from './bytes.ts';
export { formatCid } from './cid.ts';
export { type ErrorBuilder, errorBuilder } from './error-builder.ts';
export { formatMessage } from './error-message.ts';
export { type DetailOf, ERROR_DETAILS, type ErrorCode, type ErrorDetail } from './error-table.ts';
export {
  DmlError,
  type DmlErrorFields,
  type DmlErrorInit,
  isDmlError,
  isNewerFormat,
  type ObjectModelError,
  objectModelError,
} from './errors.ts';
export { executionKey } from './execution-key.ts';
export { formatRecord } from './format-record.ts';
export { hashBytes, sha256Hex } from './hash/hash-bytes.ts';
export {
  type ChunkId,
  type CommitId,
  type DagId,
  type DatumId,
  type ExecId,
  type ExecRequestId,
  type ExecutionKey,
  type FederatedSnapshotId,
  ID_BYTES,
  idOfBytes,
  isIdText,
  type NodeId,
  type ObjectId,
  type ObjectIds,
  type PageId,
  type ReferenceId,
  type TreeId,
  writeIdBytes,
} from './ids.ts';
export {
  OBJECT_CLASS_NUMBERS,
  OBJECT_CLASSES,
  type ObjectClass,
  objectClassOf,
  RECORD_TYPE_NUMBERS,
  type RecordType,
} from './object-class.ts';
export { OUTCOME_URI, takesOutcomes } from './outcome-function.ts';
export { checkRecord } from './records/check-record.ts';
export { decodeRecord } from './records/decode-record.ts';
export { encodeElement, isInline, MAX_INLINE_BYTES } from './records/element.ts';
export { elementOf } from './records/element-of.ts';
export { encodeRecord, encodeTransient, FORMAT_VERSION, MAX_RECORD_BYTES } from './records/encode-record.ts';
export {
  type EntryKeys,
  type InteriorEntry,
  type InteriorPage,
  isKeyedRole,
  type KeyedRole,
  type LeafEntries,
  type LeafEntry,
  type LeafPage,
  PAGE_ROLE_NUMBERS,
  type PageRecord,
  type PageRole,
  type PositionalRole,
  type TreeRoot,
} from './records/page-types.ts';
export { type ObjectLink, type OwnedTree, recordLinks, recordRoots } from './records/record-links.ts';
export type {
  AnyRecord,
  BlobDatum,
  BuiltinExec,
  BuiltinNode,
  CallExec,
  CallNode,
  CollectionDatum,
  CommitRecord,
  DagRecord,
  Datum,
  DatumKind,
  Element,
  ElementsDatum,
  ExecRecord,
  ExecRequestRecord,
  ExecStatus,
  FederatedSnapshotRecord,
  FunctionNode,
  ImportNode,
  ListDatum,
  LiteralNode,
  MapDatum,
  MetaRecord,
  NodeKind,
  NodeRecord,
  NullDatum,
  Records,
  ReferenceRecord,
  RefRecord,
  ScalarDatum,
  StubRecord,
  TombstoneRecord,
  TreeRecord,
  UriDatum,
  ValueDatum,
} from './records/record-types.ts';
export { checkRefName } from './records/ref-name.ts';
export { type LinkVisitor, scanLinks } from './records/scan-links.ts';
export { checkSchema } from './schema.ts';
export { firstDifference, type TreeDifference, treeDiff } from './search-tree/diff-tree.ts';
export { type TreeChange, type TreeSplice, treeEdit, treeSplice } from './search-tree/edit-tree.ts';
export {
  type MergeConflict,
  type MergeInput,
  type MergeResult,
  mergeTrees3,
} from './search-tree/merge-trees.ts';
export { PageCache, type PageSource, type PageStore } from './search-tree/page-store.ts';
export {
  type PlacedEntry,
  type TreeRange,
  treeAt,
  treeCount,
  treeEntries,
  treeFrom,
  treeGet,
  treeHas,
} from './search-tree/read-tree.ts';
export { buildTree } from './search-tree/tree-builder.ts';
export {
  type TreeFault,
  TreeVerifier,
  type TreeVerifierOptions,
} from './search-tree/verify-tree.ts';
export { decodeKeyName, encodeKeyName } from './text/key-name.ts';
export { canonicalName, checkMapKey, MAX_MAP_KEY_BYTES, MAX_NAME_BYTES } from './text/name.ts';
export { areNeeds, isNeed, type Needs } from './text/needs.ts';
export {
  announcesCredential,
  formatRemoteUri,
  parseRemoteUri,
  type RefuseRemoteUri,
  type RemoteUri,
  type RemoteUriRule,
} from './text/remote-uri.ts';
export { formatSize } from './text/size.ts';
export { escapeJson, replaceTerminalControls } from './text/terminal-controls.ts';
export { checkText, nfcText } from './text/text.ts';
export { canonicalReservedUri } from './text/uri.ts';
export { compareUtf8, utf8Bytes } from './text/utf8.ts';
