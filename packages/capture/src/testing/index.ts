export { compileModule } from '../pipeline/compile-module.ts';
export { CaptureFixture, moduleIn, type SourceFiles } from './capture-fixture.ts';
