import { FINDING_CODES, renderCodes, renderExplanation } from '../report/index.ts';
import { EXIT } from './exit-status.ts';
import { Failure } from './failure.ts';
import { write } from './output.ts';
import { type DrawingOptions, renderOptions } from './terminal.ts';

/** Prints what a finding code means; without one, all codes. Throws Failure where there is no such code. */
export async function printExplanation(code: string | undefined, options: DrawingOptions): Promise<void> {
  const drawing = renderOptions(options);
  const text = code === undefined ? renderCodes(drawing) : renderExplanation(code, drawing);
  if (text === undefined) throw new Failure(unknownText(code ?? ''), EXIT.usage);
  await write([text]);
}

function unknownText(code: string): string {
  const alike = FINDING_CODES.filter((known) => known.split('-').some((word) => code.split('-').includes(word)));
  const hint = alike.length === 0 ? '' : `; is it ${alike.join(', ')}?`;
  return `${code}: no finding has this code${hint} (watchpcap explain lists them)`;
}
