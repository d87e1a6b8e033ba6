import { formatSize } from '@daggerml/object-model';
import type { TransferCost } from '@daggerml/remotes';
import { formatCount } from './quantities.ts';
import { type Tariff, transferPrice } from './tariff.ts';

/** Returns the field that says what a transfer would cost; none for one that was made. */
export function costField(cost: TransferCost | undefined, tariff: Tariff): object {
  // @spec DML-CLI-1106
  return cost === undefined ? {} : { cost: { ...cost, ...transferPrice(cost, tariff) } };
}

/** Returns the lines that say what a transfer of so many objects would cost; none for one that was made. */
export function costLines(cost: TransferCost | undefined, objects: number, tariff: Tariff): string[] {
  if (cost === undefined) return [];
  const { writes, reads, sentBytes, receivedBytes } = cost;
  const { total } = transferPrice(cost, tariff);
  const moved = receivedBytes > 4096 ? `, ${formatSize(receivedBytes)} received to merge` : '';
  return [
    `  ${formatCount(objects, 'object')} in ${formatCount(writes, 'write')} and ${formatCount(reads, 'read')}: ${formatSize(sentBytes)} sent${moved}; some $${total.toPrecision(2)} at the tariff of the requests and a month of storage`,
  ];
}
