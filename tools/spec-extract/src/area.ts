/** One row of the table that ties an id area to its specification document and its package. */
export interface Area {
  readonly code: string;
  readonly document: string;
  readonly packageName: string;
}

/** The areas in the order of their documents. */
export const AREAS: readonly Area[] = [
  { code: 'OBJ', document: 'specs/10-object-model.md', packageName: 'object-model' },
  { code: 'STO', document: 'specs/20-store.md', packageName: 'store' },
  { code: 'EXE', document: 'specs/30-execution.md', packageName: 'execution' },
  { code: 'REM', document: 'specs/40-remotes.md', packageName: 'remotes' },
  { code: 'CLI', document: 'specs/50-cli.md', packageName: 'cli' },
  { code: 'BND', document: 'specs/60-bindings.md', packageName: 'bindings' },
  { code: 'UI', document: 'specs/70-dashboard.md', packageName: 'dashboard' },
  { code: 'TRC', document: 'specs/90-traceability.md', packageName: 'spec-extract' },
];

/** Yields the area an id belongs to; undefined for an area that no document owns. */
export function areaOfId(requirementId: string): Area | undefined {
  const code = requirementId.split('-')[1];
  return AREAS.find((area) => area.code === code);
}

/** Yields the area of a specification document; undefined for the overview and for strangers. */
export function areaOfDocument(path: string): Area | undefined {
  return AREAS.find((area) => area.document === path);
}

/** Yields whether a document is an overview, which owns no area and needs no requirement. */
export function isOverview(path: string): boolean {
  return /(^|\/)00-[^/]*\.md$/.test(path);
}
