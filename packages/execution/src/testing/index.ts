export { compileModule } from '../pipeline/load-module.ts';
