import { isDmlError } from '@daggerml/object-model';

/** Property of a remote that a check looks at. */
export type CheckPart =
  | 'conditions'
  | 'read-back'
  | 'list-back'
  | 'create-race'
  | 'replace-race'
  | 'counter'
  | 'clock'
  | 'clean-up';

/** Result of one part of a check. */
export interface PartReport {
  readonly part: CheckPart;
  /** `not-proven` where the remote refused, did not answer, or did not come to an end in time. */
  readonly result: 'passed' | 'failed' | 'not-proven';
  /** Sentence for people, without a full stop. */
  readonly finding: string;
  /** Numbers behind the sentence, by name with unit. */
  readonly facts: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  /** Failure that kept the part from its end. */
  readonly cause?: unknown;
}

/** Result of a check of a remote. */
export interface CheckReport {
  /**
   * `unsafe` where conditional writes or reads are wrong or were not proven, so that pushes and claims could be lost;
   * `degraded` where something else is not as it should be.
   */
  readonly verdict: 'safe' | 'degraded' | 'unsafe';
  /** Sentence for people, without a full stop. */
  readonly summary: string;
  readonly parts: readonly PartReport[];
  /** Paths of files that could not be removed, below `check/`. */
  readonly leftPaths: readonly string[];
}

/** Parts whose failure costs nobody a push or a claim. */
const HARMLESS: ReadonlySet<CheckPart> = new Set(['list-back', 'clock', 'clean-up']);
/** Parts without which nothing rests on the check. */
const OPTIONAL: ReadonlySet<CheckPart> = new Set(['clock', 'clean-up']);

function gravityOf({ part, result }: PartReport): CheckReport['verdict'] {
  if (result === 'passed') return 'safe';
  // @spec DML-REM-1410
  const isUnsafe = result === 'failed' ? !HARMLESS.has(part) : !OPTIONAL.has(part);
  return isUnsafe ? 'unsafe' : 'degraded';
}

/** Returns the report on all parts of a check. */
export function reportOn(parts: readonly PartReport[], leftPaths: readonly string[]): CheckReport {
  const grave = (verdict: CheckReport['verdict']): PartReport[] =>
    parts.filter((part) => gravityOf(part) === verdict);
  const [unsafe, degraded] = [grave('unsafe'), grave('degraded')];
  const facts = { parts, leftPaths };
  if (unsafe.length > 0)
    return { verdict: 'unsafe', summary: `do not use this remote: ${findingsOf(unsafe)}`, ...facts };
  if (degraded.length > 0)
    return {
      verdict: 'degraded',
      summary: `no write to this remote is lost, but ${findingsOf(degraded)}`,
      ...facts,
    };
  return { verdict: 'safe', summary: 'conditional writes, reads and lists do what they promise', ...facts };
}

/** Returns the findings of parts, each failure of the remote once. */
function findingsOf(parts: readonly PartReport[]): string {
  const findings = new Map<unknown, { readonly finding: string; more: number }>();
  for (const { part, finding, cause } of parts) {
    const { code, fields = {} } = isDmlError(cause) ? cause : { code: part };
    const same = `${code} ${fields.reason ?? ''}`;
    const first = findings.get(same);
    if (first) first.more += 1;
    else findings.set(same, { finding, more: 0 });
  }
  return [...findings.values()]
    .map(({ finding, more }) => `${finding}${more === 0 ? '' : `, and ${more} more alike`}`)
    .join('; ');
}
