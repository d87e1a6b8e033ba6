export { compileAhead } from './bundle/start-thread.ts';
