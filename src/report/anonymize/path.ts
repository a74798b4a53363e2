import type { Names } from './name-book.ts';
import { queryStandIn } from './query.ts';
import { isApiVersion, isKnownEndpoint, isKnownGroup, isKnownResource, isKnownSubresource } from './vocabulary.ts';

/** What a segment may be where it stands: what says what it is stays, what says whose it is gets a stand-in. */
type Place = 'root' | 'core-version' | 'group' | 'version' | 'resource' | 'namespace' | 'name' | 'subresource' | 'rest';

interface Told {
  readonly text: string;
  readonly next: Place;
}

type Reader = (segment: string, names: Names) => Told;

/** The shape of Kubernetes' paths: /api/VERSION/… and /apis/GROUP/VERSION/…, then [namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE]]. */
const READERS: Readonly<Record<Place, Reader>> = {
  root: (segment, names) => {
    if (segment === 'api') return { text: segment, next: 'core-version' };
    if (segment === 'apis') return { text: segment, next: 'group' };
    return rest(segment, names);
  },
  'core-version': (segment, names) => version(segment, names),
  group: (segment, names) => ({
    text: isKnownGroup(segment) ? segment : names.standIn('group', segment),
    next: 'version',
  }),
  version: (segment, names) => version(segment, names),
  resource: (segment, names) => {
    if (segment === 'watch') return { text: segment, next: 'resource' };
    if (segment === 'namespaces') return { text: segment, next: 'namespace' };
    return { text: isKnownResource(segment) ? segment : names.standIn('resource', segment), next: 'name' };
  },
  namespace: (segment, names) => ({ text: names.standIn('ns', segment), next: 'resource' }),
  name: (segment, names) => ({ text: names.standIn('name', segment), next: 'subresource' }),
  subresource: (segment, names) => ({
    text: isKnownSubresource(segment) ? segment : names.standIn('name', segment),
    next: 'rest',
  }),
  rest: (segment, names) => ({ text: names.standIn('name', segment), next: 'rest' }),
};

function version(segment: string, names: Names): Told {
  return { text: isApiVersion(segment) ? segment : names.standIn('name', segment), next: 'resource' };
}

/** A path that is none of the API's: the words of health checks and the like, as far as they go. */
function rest(segment: string, names: Names): Told {
  return isKnownEndpoint(segment) ? { text: segment, next: 'root' } : READERS.rest(segment, names);
}

/**
 * A request's path with stand-ins for what names somebody's things. Its shape stays: the same number of segments and parameters,
 * API groups, versions, resources and subresources that everybody has.
 */
export function pathStandIn(path: string, names: Names): string {
  const query = path.indexOf('?');
  if (query < 0) return segmentsStandIn(path, names);
  return `${segmentsStandIn(path.slice(0, query), names)}?${queryStandIn(path.slice(query + 1), names)}`;
}

/** What a request is for: `pods`, `pods/exec`, `leases.coordination.k8s.io`, or the path of what is none of the API's. */
export function resourceStandIn(resource: string, names: Names): string {
  if (resource.startsWith('/')) return pathStandIn(resource, names);
  const [kind = '', ...subresource] = resource.split('/');
  const dot = kind.indexOf('.');
  const plural = dot < 0 ? kind : kind.slice(0, dot);
  const group = dot < 0 ? [] : [READERS.group(kind.slice(dot + 1), names).text];
  const told = [READERS.resource(plural, names).text, ...group].join('.');
  return [told, ...subresource.map((segment) => READERS.subresource(segment, names).text)].join('/');
}

function segmentsStandIn(path: string, names: Names): string {
  // RFC 9112 §3.2.3, §3.2.4: CONNECT has an authority, OPTIONS may have an asterisk
  if (path === '*' || path === '') return path;
  if (!path.startsWith('/')) return names.standIn('host', path);
  let place: Place = 'root';
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '') {
      segments.push('');
      continue;
    }
    const told: Told = isOfNamespace(place, segment)
      ? READERS.subresource(segment, names)
      : READERS[place](segment, names);
    segments.push(told.text);
    place = told.next;
  }
  return segments.join('/');
}

/** /namespaces/NAMESPACE/status is of the namespace itself, no resource in it. */
function isOfNamespace(place: Place, segment: string): boolean {
  return place === 'resource' && (segment === 'status' || segment === 'finalize');
}
