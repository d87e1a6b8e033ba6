export { version as bundlerVersion } from 'esbuild';
