export { MemoryObjects } from './memory-objects.ts';
