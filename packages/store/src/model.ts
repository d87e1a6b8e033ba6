export {
  type CommitId,
  canonicalName,
  DmlError,
  decodeKeyName,
  decodeRecord,
  type ExecId,
  encodeKeyName,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
export { executionKeyOf, type Link, parentCommitIds, scanLinks } from './links.ts';
