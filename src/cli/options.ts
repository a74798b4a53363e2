import { Argument, Command, Option } from 'commander';
import { FORMATS, type FormatName } from '../report/index.ts';
import { addAnonymizeOptions, type AnonymizeOptions } from './anonymize-options.ts';
import { FAIL_ON, type FailOn } from './exit-status.ts';
import { addEvidenceOptions, type EvidenceOptions } from './evidence-options.ts';
import { addFileArguments, type FilesFromOption } from './files-from.ts';
import { addModelOptions, type ModelOptions } from './model-options.ts';
import { addOutputOption, type OutputFile } from './output-files.ts';
import { VERSION } from './version.ts';
import { addViewOptions, type ViewOptions } from './view-options.ts';

/** Where a report goes, and how it is drawn. */
export interface PrintOptions extends ViewOptions, AnonymizeOptions {
  readonly format: FormatName;
  readonly output: readonly OutputFile[];
  readonly color: 'auto' | 'always' | 'never';
  readonly ascii: boolean;
}

/** What `analyze` was asked for. */
export interface AnalyzeOptions extends ModelOptions, PrintOptions, EvidenceOptions, FilesFromOption {
  readonly failOn: FailOn;
  readonly exitZero: boolean;
  /** A file of TLS secrets. */
  readonly keylog?: string;
}

const EXAMPLES = `Examples:
  $ watchpcap analyze gateway.pcap
  $ watchpcap analyze gateway.pcap0 gateway.pcap1.gz
  $ watchpcap analyze gateway.pcap --format json | jq .verdict
  $ watchpcap analyze gateway.pcap --output report.md --output report.json
  $ watchpcap analyze gateway.pcap --since 2026-11-23T03:10Z
  $ watchpcap analyze gateway.pcap --extract evidence.pcapng.gz
  $ watchpcap analyze gateway.pcap --bundle ticket.zip
  $ find /captures -name '*.pcap' | watchpcap analyze --files-from -
  $ tcpdump -i any -w - 'tcp port 80 or tcp port 8080' | watchpcap analyze -
  $ watchpcap explain upstream-unanswered
`;

const ERROR_STATUSES = `  64  the command line is wrong
  65  the file is not what is expected, or damaged beyond use
  66  the file cannot be read
  70  an error in watchpcap itself
  73  an output file cannot be written
`;

const EXIT_STATUSES = `
Exit status:
   0  analysed, nothing half-dead
   1  a half-dead window was found
   2  analysed, but the capture cannot answer (inconclusive), or it only hints
      (suspect)
${ERROR_STATUSES}`;

/** Of the commands that judge nothing. */
const DONE_STATUSES = `
Exit status:
   0  done
${ERROR_STATUSES}`;

/** What `frames` was asked for. */
export interface FrameOptions extends FilesFromOption {
  readonly keylog?: string;
}

/** What each command does. */
export interface Commands {
  readonly analyze: (files: readonly string[], options: AnalyzeOptions) => Promise<void>;
  readonly packets: (files: readonly string[], options: FilesFromOption) => Promise<void>;
  readonly frames: (files: readonly string[], options: FrameOptions) => Promise<void>;
  readonly trace: (files: readonly string[], options: FilesFromOption) => Promise<void>;
  readonly render: (file: string, options: PrintOptions) => Promise<void>;
  readonly explain: (code: string | undefined, options: Pick<PrintOptions, 'color' | 'ascii'>) => Promise<void>;
  readonly schema: () => Promise<void>;
}

/** The command line. Commander exits with 1 on its own errors, which would read as "half-dead found": the caller maps them. */
export function commandLine(commands: Commands): Command {
  const program = new Command('watchpcap')
    .description('Finds the time when a client was alive at a gateway whose upstream was dead.')
    .version(VERSION)
    .addHelpText('beforeAll', '')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_STATUSES)
    .showHelpAfterError('(watchpcap --help shows examples)')
    .exitOverride();
  addAnalyze(program, commands);
  addPackets(program, commands);
  addFrames(program, commands);
  addTrace(program, commands);
  addRender(program, commands);
  addExplain(program, commands);
  addSchema(program, commands);
  return program;
}

function addAnalyze(program: Command, { analyze }: Commands): void {
  const command = program.command('analyze');
  addFileArguments(addPrintOptions(command))
    .description('say what happened in a capture taken at the gateway')
    .addOption(
      new Option('--fail-on <state>', 'from which state on to exit with 1')
        .choices(FAIL_ON)
        .default('half-dead')
        .env('WATCHPCAP_FAIL_ON'),
    )
    .option('--exit-zero', 'exit with 0 whatever was found; errors still exit with 64 and up', false)
    .addOption(keyLogOption());
  addEvidenceOptions(command);
  addModelOptions(command)
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_STATUSES)
    .exitOverride()
    .action(analyze);
}

function addExplain(program: Command, { explain }: Commands): void {
  const command = program.command('explain');
  addDrawingOptions(command)
    .description('say what a finding means: its evidence, what to do, where it was seen, what it cannot tell')
    .addArgument(new Argument('[code]', 'as a report names it, upstream-unanswered; without one, all codes are listed'))
    .exitOverride()
    .action(explain);
}

function addPrintOptions(command: Command): Command {
  command.addOption(
    new Option('-f, --format <format>', 'what to print')
      .choices(Object.keys(FORMATS))
      .default('text')
      .env('WATCHPCAP_FORMAT'),
  );
  return addDrawingOptions(addViewOptions(addAnonymizeOptions(addOutputOption(command))));
}

function addDrawingOptions(command: Command): Command {
  return command
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('--ascii', 'draw with ASCII characters only', false);
}

function addRender(program: Command, { render }: Commands): void {
  const command = program.command('render');
  addPrintOptions(command)
    .description('make any report from a JSON report, without the capture; exits with 0 whatever it says')
    .addArgument(new Argument('<file>', 'what --format json wrote; - reads standard input'))
    .addHelpText('after', DONE_STATUSES)
    .exitOverride()
    .action(render);
}

function addSchema(program: Command, { schema }: Commands): void {
  program.command('schema').description('print the JSON schema of the JSON report').exitOverride().action(schema);
}

function addPackets(program: Command, { packets }: Commands): void {
  addFileArguments(program.command('packets'))
    .description('print what was read of each packet, to be held against Wireshark: an object a line')
    .addHelpText('after', DONE_STATUSES)
    .exitOverride()
    .action(packets);
}

function addFrames(program: Command, { frames }: Commands): void {
  addFileArguments(program.command('frames'))
    .description('print every HTTP/2 frame and HTTP/1.1 message head, to be held against Wireshark: an object a line')
    .addOption(keyLogOption())
    .addHelpText('after', DONE_STATUSES)
    .exitOverride()
    .action(frames);
}

function addTrace(program: Command, { trace }: Commands): void {
  addFileArguments(program.command('trace'))
    .description('print what the analysis works on, before anybody has a role: an object a line')
    .addOption(new Option('-f, --format <format>', 'how').choices(['ndjson']).default('ndjson'))
    .addHelpText('after', DONE_STATUSES)
    .exitOverride()
    .action(trace);
}

function keyLogOption(): Option {
  return new Option('--keylog <file>', 'TLS secrets (SSLKEYLOGFILE); those in a pcapng are used anyway');
}
