/** Variable with the settings of an adapter in the box, as JSON. */
export const SETTINGS_VARIABLE = 'DML_ADAPTER_SETTINGS';

/** Settings of an adapter in the box, which whoever starts it decides. */
export interface AdapterSettings {
  /** Calls that run at one time. */
  readonly maxCalls?: number | undefined;
  /** Variables that functions see. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Heap that the function of one call may use. */
  readonly memoryMb?: number | undefined;
  /** Process whose end is the end of the adapter. */
  readonly starterPid?: number | undefined;
}
