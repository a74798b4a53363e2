// The gateways of the matrix: each takes { downstream: tls | http1, upstream: h2c | tls | http1, keepalive, workers, ping, health, idle } and
// gives the command that runs it. Their timeouts are raised until a quiet watch survives them, unless the scenario is about one.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ADDRESSES, APISERVER_PORT } from '../network.mjs';

const ENVOY = fileURLToPath(new URL('../.venv/bin/envoy', import.meta.url));
const EXTENSIONS = 'type.googleapis.com/envoy.extensions';
const SERVERS = ['apiserver1', 'apiserver2'].map((server) => ADDRESSES[server].host);
const HEALTH_SECONDS = 5;

export const LISTEN_PORT = { tls: 443, http1: 80 };

const socketAddress = (address, port) => ({ socket_address: { address, port_value: port } });

function envoyConnectionManager({ idle }, directory) {
  return {
    '@type': `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    stream_idle_timeout: `${idle ?? 0}s`,
    access_log: [
      {
        name: 'file',
        typed_config: {
          '@type': `${EXTENSIONS}.access_loggers.file.v3.FileAccessLog`,
          path: `${directory}/access.log`,
        },
      },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'apiservers', timeout: '0s' } }],
        },
      ],
    },
    http_filters: [{ name: 'router', typed_config: { '@type': `${EXTENSIONS}.filters.http.router.v3.Router` } }],
  };
}

function envoyUpstream({ upstream, ping }) {
  const http2 = ping ? { connection_keepalive: { interval: '10s', timeout: '5s' } } : {};
  const explicit = upstream === 'http1' ? { http_protocol_options: {} } : { http2_protocol_options: http2 };
  return {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: explicit,
    },
  };
}

function envoyCluster(scenario, directory) {
  const { upstream, keepalive, health } = scenario;
  const endpoints = SERVERS.map((ip) => ({ endpoint: { address: socketAddress(ip, APISERVER_PORT) } }));
  const cluster = {
    name: 'apiservers',
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: 'apiservers', endpoints: [{ lb_endpoints: endpoints }] },
    typed_extension_protocol_options: envoyUpstream(scenario),
  };
  if (upstream === 'tls') {
    cluster.transport_socket = {
      name: 'tls',
      typed_config: {
        '@type': `${EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext`,
        common_tls_context: { alpn_protocols: ['h2'], key_log: { path: `${directory}/keys.log` } },
      },
    };
  }
  if (keepalive !== null) {
    const { time, interval, probes } = keepalive;
    cluster.upstream_connection_options = {
      tcp_keepalive: { keepalive_time: time, keepalive_interval: interval, keepalive_probes: probes },
    };
  }
  if (health) {
    const codec = upstream === 'http1' ? {} : { codec_client_type: 'HTTP2' };
    cluster.health_checks = [
      {
        timeout: '2s',
        interval: `${HEALTH_SECONDS}s`,
        unhealthy_threshold: 2,
        healthy_threshold: 1,
        http_health_check: { path: '/healthz', ...codec },
      },
    ];
  }
  return cluster;
}

async function envoy(scenario, directory, certificate) {
  const { downstream, workers } = scenario;
  const chain = { filters: [{ name: 'http', typed_config: envoyConnectionManager(scenario, directory) }] };
  if (downstream === 'tls') {
    chain.transport_socket = {
      name: 'tls',
      typed_config: {
        '@type': `${EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext`,
        common_tls_context: {
          alpn_protocols: ['h2', 'http/1.1'],
          tls_certificates: [
            { certificate_chain: { filename: certificate.both }, private_key: { filename: certificate.both } },
          ],
        },
      },
    };
  }
  const listener = { name: 'in', address: socketAddress('0.0.0.0', LISTEN_PORT[downstream]), filter_chains: [chain] };
  const file = `${directory}/envoy.json`;
  const configuration = { static_resources: { listeners: [listener], clusters: [envoyCluster(scenario, directory)] } };
  await writeFile(file, JSON.stringify(configuration));
  return [ENVOY, '-c', file, '--concurrency', String(workers), '--disable-hot-restart', '-l', 'warning'];
}

async function haproxy({ downstream, upstream, keepalive, workers, health, idle }, directory, certificate) {
  const port = LISTEN_PORT[downstream];
  const bind = downstream === 'tls' ? `bind :${port} ssl crt ${certificate.both} alpn h2,http/1.1` : `bind :${port}`;
  const protocol = { http1: '', h2c: 'proto h2', tls: 'ssl verify none alpn h2' }[upstream];
  const check = health ? `check inter ${HEALTH_SECONDS}s fall 2` : '';
  const alive =
    keepalive === null
      ? []
      : [
          'option srvtcpka',
          `srvtcpka-idle ${keepalive.time}s`,
          `srvtcpka-intvl ${keepalive.interval}s`,
          `srvtcpka-cnt ${keepalive.probes}`,
        ];
  const lines = [
    'global',
    `nbthread ${workers}`,
    'defaults',
    'mode http',
    'timeout connect 5s',
    'timeout client 1h',
    `timeout server ${idle === undefined ? '1h' : `${idle}s`}`,
    'timeout tunnel 1h',
    ...alive,
    'frontend in',
    bind,
    'default_backend apiservers',
    'backend apiservers',
    'balance roundrobin',
    ...SERVERS.map((ip, i) => `server apiserver${i + 1} ${ip}:${APISERVER_PORT} ${protocol} ${check}`),
  ];
  const file = `${directory}/haproxy.cfg`;
  await writeFile(file, `${lines.join('\n')}\n`);
  return ['haproxy', '-db', '-f', file];
}

async function nginx({ downstream, workers, idle }, directory, certificate) {
  const port = LISTEN_PORT[downstream];
  const listen =
    downstream === 'tls'
      ? `listen ${port} ssl http2; ssl_certificate ${certificate.both}; ssl_certificate_key ${certificate.both};`
      : `listen ${port};`;
  const text = `daemon off; worker_processes ${workers}; user root;
error_log ${directory}/error.log info; pid ${directory}/nginx.pid;
events {}
http {
  access_log ${directory}/access.log;
  upstream apiservers { ${SERVERS.map((ip) => `server ${ip}:${APISERVER_PORT};`).join(' ')} keepalive 8; }
  server {
    ${listen}
    location / {
      proxy_pass http://apiservers; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
      proxy_connect_timeout 5s; proxy_read_timeout ${idle === undefined ? '1h' : `${idle}s`};
    }
  }
}
`;
  const file = `${directory}/nginx.conf`;
  await writeFile(file, text);
  return ['nginx', '-c', file];
}

function nghttpx({ downstream, upstream, workers }, directory, certificate) {
  const protocol = { http1: 'proto=http/1.1', h2c: 'proto=h2', tls: 'proto=h2;tls' }[upstream];
  const hour = ['frontend-read', 'frontend-http2-read', 'backend-read', 'stream-read'];
  return [
    'nghttpx',
    '--conf=/dev/null',
    `--frontend=*,${LISTEN_PORT[downstream]}${downstream === 'tls' ? '' : ';no-tls'}`,
    ...SERVERS.map((ip) => `--backend=${ip},${APISERVER_PORT};;${protocol}`),
    `--workers=${workers}`,
    ...hour.map((name) => `--${name}-timeout=1h`),
    '--backend-connect-timeout=5s',
    '--insecure',
    `--errorlog-file=${directory}/error.log`,
    ...(downstream === 'tls' ? [certificate.both, certificate.both] : []),
  ];
}

/** Our own, for what no gateway here does: peers/gateway tells its faults. */
function faulty({ downstream }, directory, certificate, tools) {
  const servers = SERVERS.map((ip) => `${ip}:${APISERVER_PORT}`);
  return [tools.gateway, `:${LISTEN_PORT[downstream]}`, certificate.cert, certificate.key, ...servers];
}

export const gateways = { envoy, haproxy, nginx, nghttpx, faulty };
