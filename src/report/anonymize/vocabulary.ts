/** Words that say what a request is and nothing about whose it is. What is not here gets a stand-in. */

/** API groups of Kubernetes itself and of programs that many clusters run; a group of one's own names its owner. */
const GROUPS: ReadonlySet<string> = new Set([
  'apps',
  'autoscaling',
  'batch',
  'extensions',
  'policy',
  'cert-manager.io',
  'acme.cert-manager.io',
  'monitoring.coreos.com',
  'argoproj.io',
  'cilium.io',
  'projectcalico.org',
  'crd.projectcalico.org',
  'karpenter.sh',
  'keda.sh',
  'kyverno.io',
  'velero.io',
  'serving.knative.dev',
  'gateway.envoyproxy.io',
  'linkerd.io',
  'policy.linkerd.io',
]);
const GROUP_ENDS: readonly string[] = ['.k8s.io', '.x-k8s.io', '.istio.io', '.fluxcd.io', '.openshift.io'];

/** Plural names of resources, of Kubernetes and of the mesh in front of it. */
const RESOURCES: ReadonlySet<string> = new Set(
  (
    'apiservices bindings certificatesigningrequests clusterrolebindings clusterroles clustertrustbundles componentstatuses ' +
    'configmaps controllerrevisions cronjobs csidrivers csinodes csistoragecapacities customresourcedefinitions daemonsets ' +
    'deployments deviceclasses endpoints endpointslices events flowschemas horizontalpodautoscalers ingressclasses ingresses ' +
    'ipaddresses jobs leases leasecandidates limitranges localsubjectaccessreviews mutatingadmissionpolicies ' +
    'mutatingwebhookconfigurations namespaces networkpolicies nodes persistentvolumeclaims persistentvolumes ' +
    'poddisruptionbudgets pods podtemplates priorityclasses prioritylevelconfigurations replicasets replicationcontrollers ' +
    'resourceclaims resourceclaimtemplates resourcequotas resourceslices rolebindings roles runtimeclasses secrets ' +
    'selfsubjectaccessreviews selfsubjectreviews selfsubjectrulesreviews serviceaccounts servicecidrs services statefulsets ' +
    'storageclasses subjectaccessreviews tokenreviews validatingadmissionpolicies validatingadmissionpolicybindings ' +
    'validatingwebhookconfigurations volumeattachments volumeattributesclasses ' +
    'authorizationpolicies destinationrules envoyfilters gateways gatewayclasses grpcroutes httproutes peerauthentications ' +
    'proxyconfigs referencegrants requestauthentications serviceentries sidecars tcproutes telemetries tlsroutes udproutes ' +
    'virtualservices wasmplugins workloadentries workloadgroups'
  ).split(' '),
);

const SUBRESOURCES: ReadonlySet<string> = new Set([
  'approval',
  'attach',
  'binding',
  'ephemeralcontainers',
  'eviction',
  'exec',
  'finalize',
  'log',
  'portforward',
  'proxy',
  'resize',
  'scale',
  'status',
  'token',
]);

/** First segments, and what stands behind them, of paths that are no resources. */
const ENDPOINTS: ReadonlySet<string> = new Set([
  'api',
  'apis',
  'healthz',
  'livez',
  'logs',
  'metrics',
  'openapi',
  'openid',
  'readyz',
  'swagger.json',
  'version',
  '.well-known',
  'openid-configuration',
  'jwks',
  'ping',
  'etcd',
  'v2',
  'v3',
]);

const VERSION = /^v[1-9]\d{0,2}(?:(?:alpha|beta)[1-9]\d{0,2})?$/;

const METHODS: ReadonlySet<string> = new Set('GET HEAD POST PUT PATCH DELETE CONNECT OPTIONS TRACE PRI'.split(' '));

/** Debug texts of GOAWAY that programs, not people, put there: gRPC's, Envoy's and Go's. */
const DEBUG_TEXTS: ReadonlySet<string> = new Set([
  'too_many_pings',
  'max_age',
  'max_idle',
  'graceful_stop',
  'idle_timeout',
  'session_timed_out',
  'server_shutdown',
]);

/** Programs that many clusters run. */
const PROGRAMS: ReadonlySet<string> = new Set(
  (
    'kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl kubeadm cloud-controller-manager ' +
    'cluster-autoscaler coredns etcd metrics-server kube-state-metrics prometheus-operator Prometheus Go-http-client ' +
    'grpc-go grpc-java grpc-c++ curl Wget python-requests envoy pilot-discovery pilot-agent istio-proxy nghttp2 h2load ' +
    'nginx cilium-agent cilium-operator calico-node helm argocd-application-controller cert-manager-controller ' +
    'node-problem-detector karpenter k9s Lens OpenAPI-Generator kubernetes'
  ).split(' '),
);

export const isKnownResource = (word: string): boolean => RESOURCES.has(word);
export const isKnownSubresource = (word: string): boolean => SUBRESOURCES.has(word);
export const isKnownEndpoint = (word: string): boolean => ENDPOINTS.has(word);
export const isApiVersion = (word: string): boolean => VERSION.test(word);
export const isKnownMethod = (word: string): boolean => METHODS.has(word);
export const isKnownDebug = (text: string): boolean => text === '' || DEBUG_TEXTS.has(text);
export const isKnownProgram = (name: string): boolean => PROGRAMS.has(name);
export const isKnownGroup = (name: string): boolean =>
  GROUPS.has(name) || GROUP_ENDS.some((end) => name.endsWith(end) && WORDS_OF_GROUPS.test(name.slice(0, -end.length)));

/** In front of such an end: the words of Kubernetes' own groups, one or several with dots. */
const WORDS_OF_GROUPS =
  /^(?:admissionregistration|apiextensions|apiregistration|apiserver|apps|authentication|authorization|build|certificates|config|coordination|core|discovery|events|extensions|flowcontrol|gateway|helm\.toolkit|image|image\.toolkit|inference\.networking|internal\.apiserver|kustomize\.toolkit|metrics|custom\.metrics|external\.metrics|networking|node|notification\.toolkit|operator|policy\.networking|project|rbac\.authorization|resource|route|scheduling|security|snapshot\.storage|source\.toolkit|storage|storagemigration|telemetry|user)$/;
