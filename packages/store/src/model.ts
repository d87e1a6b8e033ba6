export {
  canonicalName,
  type CommitId,
  decodeKeyName,
  decodeRecord,
  DmlError,
  encodeKeyName,
  encodeRecord,
  type ExecId,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
export { executionKeyOf, type Link, parentCommitIds, scanLinks } from './links.ts';
