import type { NextStep } from '../model.ts';

export function step(text: string, command: string | null = null): NextStep {
  return { text, command };
}
