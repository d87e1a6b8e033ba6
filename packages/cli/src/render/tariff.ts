import type { TransferCost } from '@daggerml/remotes';
import { cliError } from '../wording/cli-error.ts';

/** Prices of a bucket in dollars: of 1,000 writing and reading requests, and of a GiB for a month. */
export interface Tariff {
  readonly put: number;
  readonly get: number;
  readonly gib: number;
}

/** List prices of S3 Standard in us-east-1. */
const S3_STANDARD: Tariff = { put: 0.005, get: 0.0004, gib: 0.023 };

/**
 * Reads a tariff such as `put=0.005,get=0.0004,gib=0.023`; what is not given is that of S3 Standard.
 *
 * @spec DML-CLI-2113
 */
export function tariffOf(text: unknown, command: string): Tariff {
  const tariff: Record<string, number> = { ...S3_STANDARD };
  for (const part of typeof text === 'string' ? text.split(',') : []) {
    const [, name = '', price] = /^(put|get|gib)=(\d+(?:\.\d+)?)$/.exec(part.trim()) ?? [];
    if (price === undefined)
      throw cliError('invalid_argument', {
        problem: `--tariff takes prices such as put=0.005,get=0.0004,gib=0.023, not "${part}"`,
        command,
      });
    tariff[name] = Number(price);
  }
  return tariff as unknown as Tariff;
}

/** Returns the price of a transfer: its requests, and a month of storage of what it sends. */
export function transferPrice(
  { writes, reads, sentBytes }: TransferCost,
  { put, get, gib }: Tariff,
): { readonly requests: number; readonly storagePerMonth: number; readonly total: number } {
  const requests = (writes * put + reads * get) / 1000;
  const storagePerMonth = (sentBytes / 2 ** 30) * gib;
  return { requests, storagePerMonth, total: requests + storagePerMonth };
}
