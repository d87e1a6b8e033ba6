import type { Store } from '../src/store.ts';
import type { Finding } from '../src/verify/finding.ts';
import { verifyStore } from '../src/verify/verify-store.ts';

/** Returns what a verification finds, leftovers included. */
export async function findingsOf(store: Pick<Store, 'engine'>): Promise<Finding[]> {
  const findings: Finding[] = [];
  const list = (finding: Finding): void => void findings.push(finding);
  const summary = await verifyStore(store, { onFinding: list, onLeftover: list });
  if (summary.findings + summary.leftovers !== findings.length) throw new Error('not all were counted');
  return findings;
}
