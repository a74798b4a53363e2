/** What a renderer may know of where its text goes. */
export interface RenderOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  /** False: only ASCII is drawn. */
  readonly unicode: boolean;
}
