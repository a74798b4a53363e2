import type { Names } from './name-book.ts';

/** Stands for a value that was masked when it was read. */
const MASK = '***';

type Reader = (value: string, names: Names) => string;

const name: Reader = (value, names) => (value === '' || value === MASK ? value : names.standIn('name', value));

/** A value that fits, and else a stand-in: a number has no name in it, and what is no number is not what the parameter is for. */
function only(pattern: RegExp): Reader {
  return (value, names) => (pattern.test(value) ? value : name(value, names));
}

const flag = only(/^(?:true|false|0|1)?$/i);
const count = only(/^\d{1,20}$/);
const word = only(/^(?:All|Background|Exact|Foreground|Ignore|NotOlderThan|Orphan|Strict|Warn)$/);

/** Fields that selectors of Kubernetes name; all others are somebody's labels. */
const FIELDS: ReadonlySet<string> = new Set([
  'metadata.name',
  'metadata.namespace',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.unschedulable',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
  'involvedObject.kind',
  'involvedObject.name',
  'involvedObject.namespace',
  'involvedObject.uid',
  'reason',
  'type',
  'in',
  'notin',
]);
const DELIMITER = /(%2C|%3D|%21|%28|%29|%20|[,=!()+ ])/i;

/** Operators and known fields stay; each label and each value has a stand-in. */
const selector: Reader = (value, names) =>
  value
    .split(DELIMITER)
    .map((part, i) => (i % 2 === 1 || part === '' || FIELDS.has(part) ? part : name(part, names)))
    .join('');

/** What parameters of the Kubernetes API may say. */
const PARAMETERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['watch', flag],
  ['timeoutSeconds', count],
  ['timeout', only(/^\d{1,9}(?:ms|s|m|h)?$/)],
  ['resourceVersion', only(/^\d{0,20}$/)],
  ['resourceVersionMatch', word],
  ['allowWatchBookmarks', flag],
  ['sendInitialEvents', flag],
  ['labelSelector', selector],
  ['fieldSelector', selector],
  ['limit', count],
  ['continue', name],
  ['pretty', flag],
  ['container', name],
  ['command', name],
  ['stdin', flag],
  ['stdout', flag],
  ['stderr', flag],
  ['tty', flag],
  ['follow', flag],
  ['previous', flag],
  ['sinceSeconds', count],
  ['sinceTime', name],
  ['tailLines', count],
  ['limitBytes', count],
  ['timestamps', flag],
  ['ports', only(/^\d{1,5}$/)],
  ['dryRun', word],
  ['force', flag],
  ['fieldManager', name],
  ['fieldValidation', word],
  ['gracePeriodSeconds', count],
  ['propagationPolicy', word],
  ['includeUninitialized', flag],
]);

/** A query whose parameters keep their number and, where the API knows them, their names. */
export function queryStandIn(query: string, names: Names): string {
  return query
    .split('&')
    .map((parameter) => parameterStandIn(parameter, names))
    .join('&');
}

function parameterStandIn(parameter: string, names: Names): string {
  const equals = parameter.indexOf('=');
  const key = equals < 0 ? parameter : parameter.slice(0, equals);
  const reader = PARAMETERS.get(key);
  const told = key === '' || key === MASK || reader !== undefined ? key : names.standIn('key', key);
  return equals < 0 ? told : `${told}=${(reader ?? name)(parameter.slice(equals + 1), names)}`;
}
