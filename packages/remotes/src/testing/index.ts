export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../files/remote-files.ts';
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
export type { SuiteCase } from './suite-case.ts';
