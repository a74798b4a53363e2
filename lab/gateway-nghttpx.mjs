// nghttpx as the gateway, so that nothing is tuned to one proxy. Its timeouts are raised until a quiet watch survives them.
import { ADDRESSES, APISERVER_PORT, GATEWAY_PORT } from './network.mjs';
import { parseEntry } from './journal.mjs';
import { startProgram } from './program.mjs';

const ACCESS_LOG = JSON.stringify({
  at: '$time_iso8601',
  seconds: '$request_time',
  lab: '$http_x_lab_request',
  requestId: '$http_x_request_id',
  client: '$remote_addr:$remote_port',
  upstreamIp: '$backend_host',
  status: '$status',
});

const backend = (server, tls) => `--backend=${ADDRESSES[server].host},${APISERVER_PORT};;proto=h2${tls ? ';tls' : ''}`;

/** nghttpx has no option for TCP keep-alives: libkeepalive sets them on each socket that it makes. */
function keepaliveEnvironment(keepalive) {
  if (keepalive === null) return {};
  return {
    LD_PRELOAD: '/usr/lib/libkeepalive.so.0',
    KEEPALIVE: 'on',
    KEEPIDLE: String(keepalive.time),
    KEEPINTVL: String(keepalive.interval),
    KEEPCNT: String(keepalive.probes),
  };
}

export const nghttpx = {
  name: 'nghttpx',
  async start(namespace, directory, { keepalive, certificate, maxSeconds }) {
    const tls = certificate !== null;
    const flags = [
      '--conf=/dev/null',
      `--frontend=*,${GATEWAY_PORT}${tls ? '' : ';no-tls'}`,
      backend('apiserver1', tls),
      backend('apiserver2', tls),
      '--insecure',
      '--workers=1',
      '--frontend-http2-read-timeout=1h',
      '--backend-read-timeout=1h',
      '--backend-connect-timeout=5s',
      '--backend-address-family=IPv4',
      '--no-ocsp',
      '--log-level=INFO',
      `--errorlog-file=${directory}/gateway.log`,
      `--accesslog-file=${directory}/access.log`,
      `--accesslog-format=${ACCESS_LOG}`,
      ...(tls ? [certificate.key, certificate.cert] : []),
    ];
    const env = keepaliveEnvironment(keepalive);
    return startProgram(namespace, ['nghttpx', ...flags], { maxSeconds, log: `${directory}/gateway-stderr.log`, env });
  },
  readAccess(line) {
    const entry = parseEntry(line);
    if (entry === undefined) return undefined;
    return {
      lab: Number(entry.lab),
      at: entry.at,
      seconds: Number(entry.seconds),
      upstreamIp: entry.upstreamIp === '-' ? null : entry.upstreamIp,
      gatewayPort: null, // nghttpx does not tell its own port
      status: Number(entry.status),
      flags: null,
      details: null,
      requestId: entry.requestId === '-' ? null : entry.requestId,
    };
  },
};
