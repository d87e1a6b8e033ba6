import { formatSize } from '@daggerml/object-model';
import type { CallLog, LogPiece } from '@daggerml/repository';

/** A part of a log as it is printed: bytes of the call, or a line of this program in their place. */
export type LogPart = { readonly bytes: Uint8Array } | { readonly note: string };

/** The byte that ends a line. */
export const LINE_END = 10;

/** Returns the parts of a log, of one stream or of both. */
export function* logParts({ pieces, leftOut }: CallLog, stream?: LogPiece['stream']): Generator<LogPart> {
  let endsLine = true;
  // @spec DML-CLI-1862
  const gap = (): LogPart => ({
    note: `${endsLine ? '' : '\n'}[${formatSize(leftOut?.sizeBytes ?? 0)} of output were not kept]\n`,
  });
  for (const [index, piece] of pieces.entries()) {
    if (leftOut?.piece === index) yield gap();
    if (stream !== undefined && piece.stream !== stream) continue;
    yield piece;
    endsLine = piece.bytes.at(-1) === LINE_END;
  }
  if (leftOut?.piece === pieces.length) yield gap();
}

/** Returns a piece of a log as JSON holds it: text, or base64 where the bytes are no UTF-8. */
export function pieceJson({ stream, bytes }: LogPiece): Readonly<Record<string, string>> {
  try {
    return { stream, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { stream, base64: Buffer.from(bytes).toString('base64') };
  }
}
