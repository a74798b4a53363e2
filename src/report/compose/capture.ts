import type { CaptureFacts, FileFacts } from '../../capture/index.ts';
import { linkTypeName } from '../../decode/index.ts';
import type { Incident } from '../../incident/index.ts';
import type { Capture, CaptureFile } from '../model.ts';
import { warningText } from '../words/warning.ts';
import { argsOf } from './args.ts';
import { notAnalyzedOf, undecodedCount } from './not-analyzed.ts';
import { type Frame, secondsOf, timeAt } from './frame.ts';

export function captureOf(frame: Frame, capture: CaptureFacts, incident: Incident): Capture {
  const { firstNs, lastNs } = capture;
  return {
    files: capture.files.map(fileOf),
    packets: capture.packets,
    start: firstNs === null ? null : timeAt(frame, firstNs),
    end: lastNs === null ? null : timeAt(frame, lastNs),
    duration: firstNs === null || lastNs === null ? 0 : secondsOf(lastNs - firstNs),
    duplicates: incident.duplicates,
    undecoded: undecodedCount(incident),
    notAnalyzed: notAnalyzedOf(incident),
    warnings: capture.warnings.map((warning) => ({
      code: warning.code,
      args: argsOf({ ...warning.args }),
      message: warningText(warning),
      file: warning.file,
      byte: warning.byte,
      packet: warning.packet,
    })),
    interrupted: capture.interrupted,
    comments: capture.comments.map(({ file, packet, text }) =>
      frame.manyFiles ? { packet, file, text } : { packet, text },
    ),
  };
}

function fileOf(facts: FileFacts): CaptureFile {
  const { path, format, bytes, packets, linkTypes, truncated, compression, droppedPackets } = facts;
  return {
    path,
    format,
    bytes,
    packets,
    linkTypes: linkTypes.map(linkTypeName),
    truncated,
    compression,
    dropped: droppedPackets,
  };
}
