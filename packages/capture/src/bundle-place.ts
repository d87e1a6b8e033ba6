/** The folder that code in a bundle takes for its own; nothing is there, on no machine. */
export const BUNDLE_FOLDER = '/daggerml-bundle';

/** The file that code in a bundle takes for itself, also by its stack traces. */
export const BUNDLE_FILE: string = `${BUNDLE_FOLDER}/index.mjs`;
export const BUNDLE_URL: string = `file://${BUNDLE_FILE}`;
export { NESTED_CALL_HOST } from './authoring/nested-call.ts';
