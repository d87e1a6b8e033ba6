import { StringDecoder } from 'node:string_decoder';
import type { NodeId } from '@daggerml/object-model';
import { maskText, SecretMask, secretsOf } from '../logs/secret-mask.ts';
import type { AdapterAnswer, AdapterContext, AdapterReport } from './port.ts';

type OutputReport = Extract<AdapterReport, { readonly type: 'output' }>;

/** One stream of an attempt, in which secrets are replaced. */
interface MaskedStream {
  readonly mask: SecretMask;
  readonly decoder: StringDecoder;
}

/**
 * Returns the surroundings of an adapter in which secrets among the passed variables are replaced in output and failures:
 * nothing behind it, records and events alike, ever has them.
 */
export function maskedContext(
  context: AdapterContext,
  env: Readonly<Record<string, string>> | undefined,
): AdapterContext {
  const secrets = secretsOf(env);
  if (secrets.length === 0) return context;
  const masked = new MaskedReports(secrets);
  return {
    ...context,
    report: (reports) => context.report(reports.flatMap((report) => masked.of(report))),
  };
}

class MaskedReports {
  readonly #secrets: readonly string[];
  readonly #streams = new Map<NodeId, Map<OutputReport['stream'], MaskedStream>>();

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  of(report: AdapterReport): readonly AdapterReport[] {
    switch (report.type) {
      case 'output':
        return this.#output(report);
      case 'started':
      case 'begun-again':
        this.#streams.delete(report.nodeId);
        return [report];
      case 'answered': {
        const rest = this.#rest(report.nodeId);
        return [...rest, { ...report, answer: this.#answer(report.answer) }];
      }
      default:
        return [report];
    }
  }

  /** @spec DML-EXE-3727 */
  #output(report: OutputReport): readonly AdapterReport[] {
    const { mask, decoder } = this.#streamOf(report);
    const bytes = mask.add(report.bytes ?? new TextEncoder().encode(report.text));
    return bytes.length === 0 ? [] : [{ ...report, bytes, text: decoder.write(bytes) }];
  }

  /** Returns what was held back of an attempt that has ended. */
  #rest(nodeId: NodeId): AdapterReport[] {
    const streams = this.#streams.get(nodeId);
    this.#streams.delete(nodeId);
    return [...(streams ?? [])].flatMap(([stream, { mask, decoder }]): AdapterReport[] => {
      const bytes = mask.end();
      const text = decoder.write(bytes) + decoder.end();
      return bytes.length === 0 && text === '' ? [] : [{ type: 'output', nodeId, stream, bytes, text }];
    });
  }

  #streamOf({ nodeId, stream }: OutputReport): MaskedStream {
    const streams = this.#streams.get(nodeId) ?? new Map<OutputReport['stream'], MaskedStream>();
    this.#streams.set(nodeId, streams);
    let masked = streams.get(stream);
    if (masked === undefined) {
      masked = { mask: new SecretMask(this.#secrets), decoder: new StringDecoder('utf8') };
      streams.set(stream, masked);
    }
    return masked;
  }

  /** @spec DML-EXE-3728 */
  #answer(answer: AdapterAnswer): AdapterAnswer {
    const plain = (text: string): string => maskText(text, this.#secrets);
    if (answer.type === 'failed') return { ...answer, reason: plain(answer.reason) };
    if (answer.type !== 'done' || answer.outcome !== 'error') return answer;
    const { message, trace } = answer.failure;
    return {
      ...answer,
      failure: { ...answer.failure, message: plain(message), trace: trace.map(plain) },
    };
  }
}
