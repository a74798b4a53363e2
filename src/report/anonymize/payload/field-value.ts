import { pathStandIn } from '../path.ts';
import { isKnownMethod, isKnownProgram } from '../vocabulary.ts';
import { filler, type SizedNames } from './sized-names.ts';

/** Null: nothing of the value may stay. */
type Reader = (value: string, names: SizedNames) => string | null;

const id: Reader = (value, names) => names.standIn('id', value);
/** What fits stays; what does not is somebody's. */
const only =
  (pattern: RegExp): Reader =>
  (value) =>
    pattern.test(value) ? value : null;
const NUMBER = only(/^\d{1,15}$/);
/** Types and parameters that say how, not what. */
const CONTENT_TYPE = only(
  /^(?:application\/(?:json|yaml|cbor|grpc(?:\+proto)?|octet-stream|vnd\.kubernetes\.protobuf)|text\/(?:plain|html|event-stream))(?:; ?(?:charset=utf-8|stream=watch|type=watch))*$/i,
);
const PRODUCT = /[^\s/()]+(?:\/[^\s/()]*)?|\([^()]*\)?/g;
const VERSION = /^v?\d{1,6}(?:\.\d{1,6}){0,3}$/i;

const CODING = /[^\s,;]+/g;
/** RFC 9112 §7. */
const CODINGS: ReadonlySet<string> = new Set(['chunked', 'gzip', 'deflate', 'compress', 'identity', 'trailers']);

/** One by one: by the last the message is framed, whatever is before it. */
const codings: Reader = (value) =>
  value.replaceAll(CODING, (coding) => (CODINGS.has(coding.toLowerCase()) ? coding : filler(coding)));

/** A host stands in as a name, also where it is an address: no stand-in of an address need be as long. A port stays. */
const host = (value: string, names: SizedNames): string => {
  const [, name = value, port = ''] = /^(.*?)(:\d{1,5})?$/s.exec(value) ?? [];
  return (name === '' ? '' : names.standIn('host', name)) + port;
};

/** Programs that many clusters run, and numbers of versions, stay (RFC 9110 §10.1.5). */
const agent: Reader = (value, names) =>
  value.replaceAll(PRODUCT, (product) => {
    if (product.startsWith('(')) return filler(product);
    const [name = '', version] = product.split('/', 2);
    const told = isKnownProgram(name) ? name : names.standIn('agent', name);
    return version === undefined ? told : `${told}/${VERSION.test(version) ? version : filler(version)}`;
  });

const target: Reader = (value, names) =>
  value.startsWith('/') || value === '*' ? pathStandIn(value, names) : host(value, names);

/** Fields that the analysis reads, and those by which messages are framed. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [':method', (value, names) => (isKnownMethod(value) ? value : names.standIn('method', value))],
  [':scheme', only(/^https?$/)],
  [':status', only(/^\d{3}$/)],
  [':path', target],
  [':authority', host],
  ['host', host],
  ['user-agent', agent],
  ['x-request-id', id],
  ['traceparent', id],
  ['grpc-status', NUMBER],
  ['content-length', only(/^[\d ,]+$/)],
  ['content-type', CONTENT_TYPE],
  ['server', agent],
  ['transfer-encoding', codings],
  ['connection', only(/^(?:close|keep-alive|upgrade|[, ])+$/i)],
  ['upgrade', only(/^(?:h2c|websocket|spdy\/3\.1)$/i)],
  ['te', only(/^trailers$/i)],
  ['date', () => null],
]);

/**
 * A value of a field (name in lower case) that is as long, in characters and bits, and says nothing about whose it is.
 * @returns null where nothing of it may stay
 */
export function fieldStandIn(name: string, value: string, names: SizedNames): string | null {
  return READERS.get(name)?.(value, names) ?? null;
}

/** Whether a field's name may stay. */
export function isKnownField(name: string): boolean {
  return READERS.has(name);
}
