export class DmlError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(code: Code, options: { fields?: Record<string, unknown>; cause?: unknown } = {}) {
    super(`${code} ${JSON.stringify(options.fields ?? {})}`, { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
  }
}
