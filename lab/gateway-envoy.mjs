// Envoy as the gateway: an HTTP/2 listener, in the clear or in TLS as the apiservers are, one worker, both apiservers in one round-robin cluster.
import { access, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ADDRESSES, APISERVER_PORT, GATEWAY_PORT } from './network.mjs';
import { parseEntry } from './journal.mjs';
import { startProgram } from './program.mjs';

const BINARY = fileURLToPath(new URL('.venv/bin/envoy', import.meta.url));
const EXTENSIONS = 'type.googleapis.com/envoy.extensions';

const ACCESS_LOG_FIELDS = {
  at: '%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%',
  milliseconds: '%DURATION%',
  lab: '%REQ(X-LAB-REQUEST)%',
  requestId: '%REQ(X-REQUEST-ID)%',
  path: '%REQ(:PATH)%',
  client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  upstreamLocal: '%UPSTREAM_LOCAL_ADDRESS%',
  upstreamRemote: '%UPSTREAM_REMOTE_ADDRESS%',
  upstreamHost: '%UPSTREAM_HOST%',
  status: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
};

const socketAddress = (address, port) => ({ socket_address: { address, port_value: port } });

function connectionManager(logFile) {
  const route = { match: { prefix: '/' }, route: { cluster: 'apiservers', timeout: '0s' } };
  return {
    '@type': `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    codec_type: 'HTTP2',
    stream_idle_timeout: '0s',
    preserve_external_request_id: true,
    access_log: [
      {
        name: 'file',
        typed_config: {
          '@type': `${EXTENSIONS}.access_loggers.file.v3.FileAccessLog`,
          path: logFile,
          log_format: { json_format: ACCESS_LOG_FIELDS },
        },
      },
    ],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [route] }] },
    http_filters: [{ name: 'router', typed_config: { '@type': `${EXTENSIONS}.filters.http.router.v3.Router` } }],
  };
}

const transport = (side, common) => ({
  name: 'tls',
  typed_config: {
    '@type': `${EXTENSIONS}.transport_sockets.tls.v3.${side}TlsContext`,
    common_tls_context: { alpn_protocols: ['h2'], ...common },
  },
});

function cluster(keepalive, certificate) {
  const endpoints = ['apiserver1', 'apiserver2'].map((server) => ({
    endpoint: { address: socketAddress(ADDRESSES[server].host, APISERVER_PORT) },
  }));
  const made = {
    name: 'apiservers',
    type: 'STATIC',
    lb_policy: 'ROUND_ROBIN',
    connect_timeout: '5s',
    load_assignment: { cluster_name: 'apiservers', endpoints: [{ lb_endpoints: endpoints }] },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    // Without it LIST and WATCH alternate for ever: each LIST meets the living server, each WATCH the dead one.
    outlier_detection: { consecutive_5xx: 2, interval: '1s', base_ejection_time: '180s', max_ejection_percent: 50 },
  };
  if (certificate !== null) made.transport_socket = transport('Upstream', {});
  if (keepalive !== null) {
    const { time, interval, probes } = keepalive;
    made.upstream_connection_options = {
      tcp_keepalive: { keepalive_time: time, keepalive_interval: interval, keepalive_probes: probes },
    };
  }
  return made;
}

function configuration(logFile, keepalive, certificate) {
  const chain = { filters: [{ name: 'http', typed_config: connectionManager(logFile) }] };
  if (certificate !== null) {
    const files = { certificate_chain: { filename: certificate.cert }, private_key: { filename: certificate.key } };
    chain.transport_socket = transport('Downstream', { tls_certificates: [files] });
  }
  const listener = { name: 'ingress', address: socketAddress('0.0.0.0', GATEWAY_PORT), filter_chains: [chain] };
  return {
    admin: { address: socketAddress('127.0.0.1', 9901) },
    static_resources: { listeners: [listener], clusters: [cluster(keepalive, certificate)] },
  };
}

const portOf = (address) => (address?.includes(':') ? Number(address.split(':')[1]) : null);
const hostOf = (address) => (address?.includes(':') ? address.split(':')[0] : null);

export const envoy = {
  name: 'envoy',
  async start(namespace, directory, { keepalive, certificate, maxSeconds }) {
    await access(BINARY).catch(() => {
      throw new Error('lab/.venv has no Envoy: see lab/README.md');
    });
    const config = `${directory}/envoy.json`;
    await writeFile(config, JSON.stringify(configuration(`${directory}/access.log`, keepalive, certificate)));
    const flags = ['--concurrency', '1', '--disable-hot-restart', '--file-flush-interval-msec', '200', '-l', 'info'];
    return startProgram(namespace, [BINARY, '-c', config, ...flags], { maxSeconds, log: `${directory}/gateway.log` });
  },
  /** One access log line -> what the gateway did with a request, or undefined. */
  readAccess(line) {
    const entry = parseEntry(line);
    if (entry === undefined) return undefined;
    return {
      lab: Number(entry.lab),
      at: entry.at,
      seconds: Number(entry.milliseconds) / 1000,
      upstreamIp: hostOf(entry.upstreamRemote ?? entry.upstreamHost),
      gatewayPort: portOf(entry.upstreamLocal),
      status: Number(entry.status),
      flags: entry.flags,
      details: entry.details,
      requestId: entry.requestId,
    };
  },
};
