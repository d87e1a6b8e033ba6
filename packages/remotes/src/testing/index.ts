export type { RemoteFiles } from '../files/remote-files.ts';
