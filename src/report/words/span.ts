import { durationText } from '../duration.ts';
import type { Window } from '../model.ts';

/** `at least 5 min 2 s` where the capture's end cuts it. */
export function spanText({ duration, open }: Pick<Window, 'duration' | 'open'>): string {
  return `${open ? 'at least ' : ''}${durationText(duration)}`;
}
