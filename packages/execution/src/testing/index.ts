export { type AdapterCase, type AdapterUnderTest, adapterSuite } from './adapter-suite.ts';
export {
  MemoryAdapter,
  type MemoryAdapterOptions,
  memoryUri,
  type Trouble,
} from './memory-adapter.ts';
