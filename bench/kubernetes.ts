import type { Field } from '../test/build/hpack.ts';
import type { Random } from './random.ts';

/** One request as its client sends it. */
export interface Request {
  readonly method: string;
  readonly path: string;
  /** Bytes of the request's body; 0: the stream ends with its headers. */
  readonly bodyBytes: number;
  /** Bytes of the response's body, for a watch those of the first event. */
  readonly responseBytes: number;
}

/** What one client says of itself in every request. */
export interface Caller {
  readonly userAgent: string;
  /** Its bearer token; undefined where it came with a certificate, as kubelets do. */
  readonly authorization: string | undefined;
}

const AUTHORITY = 'kubernetes.example.internal:6443';
const NAMESPACES = ['payments', 'checkout', 'search', 'logging', 'kube-system', 'ingress', 'reports', 'batch'] as const;
const RESOURCES = ['pods', 'services', 'endpoints', 'configmaps', 'secrets', 'events', 'serviceaccounts'] as const;
const AGENTS = [
  'kubelet/v1.31.4 (linux/amd64) kubernetes/a78aa47',
  'kube-controller-manager/v1.31.4 (linux/amd64) kubernetes/a78aa47/system:serviceaccount:kube-system:job-controller',
  'Go-http-client/2.0',
  'argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format',
  'kubectl/v1.31.4 (linux/arm64) kubernetes/a78aa47',
  'prometheus/2.54.1',
] as const;
const PATCH_BYTES = [180, 700] as const;
const LEASE_BYTES = 520;

/** Share of the clients that send a token. */
const TOKENS = 0.25;

const BODY_POOL_BYTES = 4 * 1024 * 1024;
const OBJECT_BYTES = 900;

export function makeCaller(random: Random): Caller {
  const userAgent = random.pick(AGENTS);
  if (!random.chance(TOKENS)) return { userAgent, authorization: undefined };
  // A bound token is a signed JWT of hundreds of bytes; client-go's encoder puts it into the dynamic table.
  const token = Array.from({ length: 12 }, () => random.uuid().replace(/-/g, '')).join('');
  return { userAgent, authorization: `Bearer eyJhbGciOiJSUzI1NiJ9.${token}` };
}

/** A get, list, lease renewal or status patch, in about the mix of a busy cluster. */
export function makeRequest(random: Random): Request {
  const namespace = random.pick(NAMESPACES);
  const dice = random.between(0, 100);
  if (dice < 20) return lease(random);
  if (dice < 30) return patch(random, namespace);
  if (dice < 35) return list(random, namespace);
  const resource = random.pick(RESOURCES);
  const name = `${resource}-${random.between(0, 4000).toString(36)}`;
  const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`;
  return { method: 'GET', path, bodyBytes: 0, responseBytes: random.between(500, 2000) };
}

export function makeWatch(random: Random): Request {
  const resource = random.pick(RESOURCES);
  const version = random.between(100_000_000, 999_999_999);
  const query = `allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=${random.between(300, 600)}&watch=true`;
  return { method: 'GET', path: `/api/v1/${resource}?${query}`, bodyBytes: 0, responseBytes: 0 };
}

function lease(random: Random): Request {
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-${random.between(0, 800)}`;
  return { method: 'PUT', path: `${path}?timeout=10s`, bodyBytes: LEASE_BYTES, responseBytes: LEASE_BYTES };
}

function patch(random: Random, namespace: string): Request {
  const path = `/api/v1/namespaces/${namespace}/pods/pods-${random.between(0, 4000).toString(36)}/status`;
  return { method: 'PATCH', path, bodyBytes: random.between(...PATCH_BYTES), responseBytes: random.between(900, 5000) };
}

function list(random: Random, namespace: string): Request {
  const path = `/api/v1/namespaces/${namespace}/${random.pick(RESOURCES)}?limit=500&resourceVersion=0`;
  return { method: 'GET', path, bodyBytes: 0, responseBytes: random.between(3000, 22_000) };
}

export function requestFields(request: Request, caller: Caller): Field[] {
  return [
    [':authority', AUTHORITY],
    [':method', request.method],
    [':path', request.path, request.path.includes('?') ? 'index' : 'plain'],
    [':scheme', 'http'],
    ['accept', 'application/vnd.kubernetes.protobuf, */*'],
    ...tokenFields(caller.authorization),
    ['user-agent', caller.userAgent],
    ...bodyFields(request.bodyBytes),
    ['accept-encoding', 'gzip'],
  ];
}

function tokenFields(token: string | undefined): Field[] {
  return token === undefined ? [] : [['authorization', token, 'index']];
}

function bodyFields(bytes: number): Field[] {
  return bytes === 0
    ? []
    : ([
        ['content-type', 'application/json'],
        ['content-length', `${bytes}`],
      ] satisfies Field[]);
}

/** The same request as the gateway sends it on. */
export function forwardedFields(request: Request, caller: Caller, random: Random, clientIp: string): Field[] {
  return [
    ...requestFields(request, caller),
    ['x-forwarded-for', clientIp],
    ['x-forwarded-proto', 'http'],
    ['x-envoy-expected-rq-timeout-ms', '15000'],
    ['x-request-id', random.uuid()],
  ];
}

/** @param bytes  the body's; -1 where it has no end yet (a watch) */
export function responseFields(random: Random, seconds: number, bytes: number): Field[] {
  const fields: Field[] = [
    [':status', '200'],
    ['audit-id', random.uuid()],
    ['cache-control', 'no-cache, private'],
    ['content-type', 'application/json'],
    ['date', new Date(1_767_225_600_000 + seconds * 1000).toUTCString()],
    ['x-kubernetes-pf-flowschema-uid', '6f5ad3c4-9f0e-4a3f-8c2b-1b7a6f1e2d3c'],
    ['x-kubernetes-pf-prioritylevel-uid', '0d4c8a57-6b2d-4a11-9e70-5c3f2b1a0e9d'],
  ];
  if (bytes >= 0) fields.push(['content-length', `${bytes}`]);
  return fields;
}

/** The same response as the gateway sends it on. */
export function relayedFields(fields: readonly Field[], tookMs: number): Field[] {
  return [...fields, ['x-envoy-upstream-service-time', `${tookMs}`], ['server', 'envoy']];
}

/** Text like the objects of an API server, to cut bodies from. */
export class Bodies {
  readonly #random: Random;
  readonly #pool: Uint8Array;

  constructor(random: Random) {
    this.#random = random;
    const objects = Array.from({ length: BODY_POOL_BYTES / OBJECT_BYTES }, () => makeObject(random));
    this.#pool = new TextEncoder().encode(objects.join('\n'));
  }

  /** `bytes` bytes of JSON; a view that stays valid. */
  cut(bytes: number): Uint8Array {
    const at = this.#random.between(0, this.#pool.length - bytes);
    return this.#pool.subarray(at, at + bytes);
  }
}

function makeObject(random: Random): string {
  const name = `web-${random.word().toString(36)}`;
  const metadata = {
    name,
    namespace: random.pick(NAMESPACES),
    uid: random.uuid(),
    resourceVersion: `${random.word()}`,
  };
  const labels = { app: name.slice(0, 6), 'pod-template-hash': random.word().toString(36), tier: 'backend' };
  const container = { name: 'app', image: `registry.example/app@sha256:${random.uuid()}${random.uuid()}` };
  const status = {
    phase: 'Running',
    podIP: `10.9.7.${random.between(1, 255)}`,
    containerID: `containerd://${random.uuid()}`,
  };
  const env = Array.from({ length: 4 }, () => ({
    name: `V${random.between(0, 999)}`,
    value: random.word().toString(36),
  }));
  return JSON.stringify({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { ...metadata, labels },
    spec: { container, env },
    status,
  });
}
