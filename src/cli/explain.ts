import { loadExplanations } from '../report/index.ts';
import { EXIT } from './exit-status.ts';
import { Failure } from './failure.ts';
import { write } from './output.ts';
import { type DrawingOptions, renderOptions } from './terminal.ts';

/** Prints what a finding code means; without one, all codes. Throws Failure where there is no such code. */
export async function printExplanation(code: string | undefined, options: DrawingOptions): Promise<void> {
  const drawing = renderOptions(options);
  const { FINDING_CODES, renderCodes, renderExplanation } = await loadExplanations();
  const text = code === undefined ? renderCodes(drawing) : renderExplanation(code, drawing);
  if (text === undefined) throw new Failure(unknownText(code ?? '', FINDING_CODES), EXIT.usage);
  await write([text]);
}

function unknownText(code: string, known: readonly string[]): string {
  const alike = known.filter((other) => other.split('-').some((word) => code.split('-').includes(word)));
  const hint = alike.length === 0 ? '' : `; is it ${alike.join(', ')}?`;
  return `${code}: no finding has this code${hint} (watchpcap explain lists them)`;
}
