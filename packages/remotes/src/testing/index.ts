export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
export {
  type FaultMoment,
  FaultServer,
  type FaultTarget,
  type SeenRequest,
  type ServerFault,
} from './fault-server.ts';
export {
  FAULTS_OF,
  type Fault,
  type FaultPlan,
  type FileOperation,
  type FileRequest,
  faultAt,
  type RandomFaults,
  randomFaults,
  StoppedError,
} from './faults.ts';
export { FaultyFiles } from './faulty-files.ts';
export type { RemoteFilesUnderTest } from './files-suite/under-test.ts';
export { MemoryRemote, type MemoryRemoteOptions } from './memory-remote.ts';
export { remoteFilesSuite } from './remote-files-suite.ts';
export type { BucketModes, Conditions, MemoryBuckets } from './s3/memory-buckets.ts';
export type { S3Operation } from './s3/s3-messages.ts';
export type { SuiteCase } from './suite-case.ts';
export {
  hangingAt,
  ignoringConditions,
  listingLate,
  losingRaces,
  losingUpdates,
  rememberingAbsence,
  withClockOff,
} from './unsafe-remotes.ts';
