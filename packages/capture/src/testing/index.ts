export { compileModule } from '../pipeline/load-module.ts';
export { CaptureFixture, moduleIn, type SourceFiles } from './capture-fixture.ts';
