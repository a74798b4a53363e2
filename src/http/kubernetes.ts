/** What a request does, in the words of the report's stream kinds. */
export type RequestKind =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'log'
  | 'proxy'
  | 'other'
  | 'unknown';

/** A request of the Kubernetes API, as far as method and path tell it. */
export interface RequestDescription {
  readonly kind: RequestKind;
  /** Plural name of the resource, `pods`; with its subresource as `pods/status`; null where the path names none. */
  readonly resource: string | null;
  /** API group, '' for the core group; null where the path names none. */
  readonly group: string | null;
  readonly namespace: string | null;
  /** Name of the one object meant, also where a field selector picks it out of a collection; null for a collection. */
  readonly name: string | null;
  /** The timeout that a list or watch asked for, in seconds; null where it asked for none, or not for a number. */
  readonly timeoutSeconds: number | null;
  /** The watch asked for bookmarks, which come about each minute. */
  readonly bookmarks: boolean;
  /** Where a list or watch begins: '0' for anything the server has; null where it does not say, which is the newest there is. */
  readonly resourceVersion: string | null;
  /** The log is read on as it grows, so that the response has no end of its own. */
  readonly follows: boolean;
}

const NOTHING = {
  resource: null,
  group: null,
  namespace: null,
  name: null,
  timeoutSeconds: null,
  bookmarks: false,
  resourceVersion: null,
  follows: false,
} as const;
const UNKNOWN: RequestDescription = { kind: 'unknown', ...NOTHING };
const OTHER: RequestDescription = { kind: 'other', ...NOTHING };

/** Subresources that are connections of their own; the rest is read and written like objects. */
const CONNECT_KINDS: ReadonlyMap<string, RequestKind> = new Map([
  ['exec', 'exec'],
  ['attach', 'attach'],
  ['portforward', 'portforward'],
  ['log', 'log'],
  ['proxy', 'proxy'],
]);

/** Resources that have these subresources. A custom resource may have one called `log` that means something else, which is then `get`. */
const CONNECT_RESOURCES: ReadonlySet<string> = new Set(['pods', 'services', 'nodes']);

const VERBS: ReadonlyMap<string, RequestKind> = new Map([
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/**
 * Tells what a request means to kube-apiserver: the rules of its RequestInfo resolver on method and path.
 * @param method  null or undefined where not captured
 * @param path    :path with its query; null or undefined where not captured
 * @returns kind `unknown` where method or path are missing, `other` where the path is none of the API's resources
 */
export function describeRequest(
  method: string | null | undefined,
  path: string | null | undefined,
): RequestDescription {
  if (path === null || path === undefined) return UNKNOWN;
  const query = path.indexOf('?');
  const parts = (query < 0 ? path : path.slice(0, query)).split('/').filter((part) => part !== '');
  const place = findResource(parts);
  if (place === null) return OTHER;
  if (method === null || method === undefined) return { ...UNKNOWN, ...nameOf(place) };
  const parameters = query < 0 ? '' : path.slice(query + 1);
  const kind = kindOf(method, place, parameters);
  const isOfMany = kind === 'watch' || kind === 'list';
  const named = nameOf(place);
  return {
    kind,
    ...named,
    name: named.name ?? (isOfMany ? selectedName(parameters) : null),
    timeoutSeconds: isOfMany ? readSeconds(findParameter(parameters, 'timeoutSeconds')) : null,
    bookmarks: kind === 'watch' && isTrue(findParameter(parameters, 'allowWatchBookmarks')),
    resourceVersion: isOfMany ? findParameter(parameters, 'resourceVersion') || null : null,
    follows: kind === 'log' && isTrue(findParameter(parameters, 'follow')),
  };
}

const ESCAPED_EQUALS = /%3D/gi;
/** `metadata.name=web-0`, alone or among other terms; a name is that of a DNS subdomain. */
const SELECTED_NAME = /(?:^|,|%2C)metadata\.name==?([\w.-]+)(?=$|,|%2C)/i;

interface Place {
  readonly group: string;
  readonly namespace: string | null;
  readonly resource: string;
  readonly name: string | null;
  readonly subresource: string | null;
  /** The deprecated /api/v1/watch/… prefix. */
  readonly watchPrefix: boolean;
}

function nameOf(place: Place): Pick<RequestDescription, 'resource' | 'group' | 'namespace' | 'name'> {
  const { group, namespace, name, resource, subresource } = place;
  return { group, namespace, name, resource: subresource === null ? resource : `${resource}/${subresource}` };
}

/** /api/v1/… and /apis/GROUP/VERSION/…, with namespaces/NAMESPACE before a namespaced resource. */
function findResource(parts: readonly string[]): Place | null {
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return null;
  let rest = parts.slice(isCore ? 2 : 3);
  const watchPrefix = rest[0] === 'watch' && rest.length > 1;
  if (watchPrefix) rest = rest.slice(1);
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2 && !isOfNamespace(rest[2]);
  const namespace = isNamespaced ? (rest[1] ?? null) : null;
  if (isNamespaced) rest = rest.slice(2);
  const [resource, name, subresource] = rest;
  if (resource === undefined) return null;
  return {
    group: isCore ? '' : (parts[1] ?? ''),
    namespace,
    resource,
    name: name ?? null,
    subresource: subresource ?? null,
    watchPrefix,
  };
}

/** Subresources of a namespace itself, which are no resources in it. */
function isOfNamespace(part: string | undefined): boolean {
  return part === 'status' || part === 'finalize';
}

function kindOf(method: string, place: Place, parameters: string): RequestKind {
  const connect = place.subresource === null ? undefined : CONNECT_KINDS.get(place.subresource);
  if (connect !== undefined && CONNECT_RESOURCES.has(place.resource)) return connect;
  if (method !== 'GET' && method !== 'HEAD') return VERBS.get(method) ?? 'other';
  if (place.watchPrefix) return 'watch';
  // One object is got, whatever else is asked: the parameter is one of lists.
  if (place.name !== null) return 'get';
  return isTrue(findParameter(parameters, 'watch')) ? 'watch' : 'list';
}

/** Which one object of a collection is meant, as the apiserver reads it; null where the selector says nothing so simple. */
function selectedName(parameters: string): string | null {
  const selector = findParameter(parameters, 'fieldSelector')?.replaceAll(ESCAPED_EQUALS, '=');
  return SELECTED_NAME.exec(selector ?? '')?.[1] ?? null;
}

/** @returns the first value of a parameter; '' where it has none, null where it is absent */
function findParameter(parameters: string, name: string): string | null {
  for (const parameter of parameters.split('&')) {
    if (parameter === name) return '';
    if (parameter.startsWith(`${name}=`)) return parameter.slice(name.length + 1);
  }
  return null;
}

/** As the apiserver reads a boolean parameter: anything but 0 and false is true, also no value at all. */
function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function readSeconds(value: string | null): number | null {
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Who asks, as a user agent of client-go tells it. */
export interface UserAgent {
  /** `kubelet`, `kube-controller-manager`, `curl`: the program's name. */
  readonly component: string;
  /** `v1.31.0`; null where it gives none. */
  readonly version: string | null;
  /** Which of the program's clients it is: `leader-election`, a controller's service account; null where it does not say. */
  readonly part: string | null;
}

/** What client-go's user agents have behind their commit: `kubelet/v1.31.0 (linux/amd64) kubernetes/9edcffc/leader-election`. */
const CLIENT_PART = /\) kubernetes\/[^/ ]+\/(\S+)$/;

/**
 * Splits a user agent (RFC 9110 §10.1.5: products, the most important first).
 * @returns null where there is none, or it names no product
 */
export function describeUserAgent(userAgent: string | null | undefined): UserAgent | null {
  const [product = ''] = userAgent?.trim().split(/[ (]/, 1) ?? [];
  const [component = '', version = ''] = product.split('/');
  if (component === '') return null;
  return {
    component,
    version: version === '' ? null : version,
    part: CLIENT_PART.exec(userAgent ?? '')?.[1] ?? null,
  };
}
