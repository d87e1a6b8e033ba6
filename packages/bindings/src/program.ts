/** This program and its version, as stores and receipts name it. */
export const PROGRAM = 'daggerml 0.1.0';
