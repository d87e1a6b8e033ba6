/**
 * Hooks that vitest sets up for each test file. A fixture cannot have hooks at its own top: files share a worker, which
 * loads the fixture for the first of them alone.
 */
import { afterAll, afterEach } from 'vitest';
import { cleanUp } from '../src/clean-up.ts';

afterEach(() => cleanUp('test'));
afterAll(() => cleanUp('file'));
