export { type AdapterUnderTest, adapterSuite } from './adapter-suite.ts';
export { checkExecutable, type ExecutableFinding } from './check-executable.ts';
export { checkRemoteAdapter } from './check-remote-adapter.ts';
export { type ClaimStoreUnderTest, claimStoreSuite } from './claim-store-suite.ts';
export type { ExampleCall, ExecutableUnderTest } from './executable-probe.ts';
export { executableSuite } from './executable-suite.ts';
export {
  MemoryAdapter,
  type MemoryAdapterOptions,
  memoryUri,
  type Trouble,
} from './memory-adapter.ts';
export { MemoryClaimStore, type MemoryClaimStoreOptions } from './memory-claim-store.ts';
export { MemorySharedCache } from './memory-shared-cache.ts';
export { type RemoteAdapterUnderTest, remoteAdapterSuite } from './remote-adapter-suite.ts';
export type { RemoteExecutable } from './remote-probe.ts';
export { type SharedCacheUnderTest, sharedCacheSuite } from './shared-cache-suite.ts';
export type { SuiteCase } from './suite-case.ts';
