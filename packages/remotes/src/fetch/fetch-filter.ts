import { hashBytes } from '@daggerml/object-model';

/** Limits of what a fetch brings; the store keeps stubs for the rest. */
export interface FetchFilter {
  /** Newest commits of each ref that are brought; what lies behind them stays out. All by default. */
  readonly depth?: number | undefined;
  /** Size of the largest blob whose content is brought; the content of larger ones stays out. All by default. */
  readonly blobLimitBytes?: number | undefined;
}

/** Longest domain of a stub. */
const MAX_DOMAIN_BYTES = 255;

/** Returns the domain of the stubs of what a remote has and a repository has left out: its URI, or the hash of a long one. */
export function leftOutDomain(uri: string): string {
  const bytes = Buffer.from(uri, 'utf8');
  // @spec DML-REM-0951
  return bytes.length <= MAX_DOMAIN_BYTES ? uri : `dml+remote://sha256/${hashBytes(bytes)}`;
}
