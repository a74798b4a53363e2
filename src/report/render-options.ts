/** Sections of the formats that people read, in the order of the text; the verdict stands above all of them. */
export const SECTION_NAMES = ['timeline', 'windows', 'findings', 'connections', 'trust', 'steps'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** What a renderer may know of where its text goes, and of what its reader wants to see. */
export interface RenderOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** False: only ASCII is drawn. */
  readonly unicode: boolean;
  /** Sections to show; none: all. `verdict`: nothing but that. */
  readonly only: readonly SectionName[] | 'verdict';
  /** Of the text: the verdict and a line a window; what fits a screen; everything. */
  readonly detail: 'quiet' | 'usual' | 'verbose';
}

/** @param section  null: belongs to the verdict */
export function isShown(section: SectionName | null, { only }: Pick<RenderOptions, 'only'>): boolean {
  return section === null || (only !== 'verdict' && (only.length === 0 || only.includes(section)));
}
