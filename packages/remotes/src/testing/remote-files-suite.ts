import { immutableCases } from './files-suite/immutable-cases.ts';
import { listingCases } from './files-suite/listing-cases.ts';
import { mutableCases } from './files-suite/mutable-cases.ts';
import { pathCases } from './files-suite/path-cases.ts';
import type { RemoteFilesUnderTest } from './files-suite/under-test.ts';
import type { SuiteCase } from './suite-case.ts';

/**
 * The promises of the files of a remote. Run every case against every Remote Adapter, with a new remote for each.
 *
 * @spec DML-REM-0603
 */
export const remoteFilesSuite: readonly SuiteCase<RemoteFilesUnderTest>[] = [
  ...immutableCases,
  ...listingCases,
  ...mutableCases,
  ...pathCases,
];
