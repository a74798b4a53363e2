// A client with the real client-go: informers on pods and nodes, and a GET every few seconds. It tells of each request when it was sent,
// on which connection, what came and when, and when and how its body ended.
//
//	client URL LOCAL_IP USER_AGENT [KEY_LOG]
package main

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"watchpcap.invalid/peers"
)

const (
	getEvery   = 6 * time.Second
	getTimeout = 25 * time.Second
)

var requests atomic.Int64

// told reports what became of each request; it changes nothing.
type told struct{ next http.RoundTripper }

func (t told) RoundTrip(request *http.Request) (*http.Response, error) {
	number := requests.Add(1)
	path := request.URL.Path
	watch := request.URL.Query().Get("watch") != ""
	facts := func(more map[string]any) map[string]any {
		more["request"], more["path"], more["watch"] = number, path, watch
		return more
	}
	peers.Tell("sent", facts(map[string]any{}))
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{GotConn: func(on httptrace.GotConnInfo) {
		peers.Tell("connection", facts(map[string]any{"local": on.Conn.LocalAddr().String()}))
	}}))
	response, err := t.next.RoundTrip(request)
	if err != nil {
		peers.Tell("ended", facts(map[string]any{"error": err.Error(), "status": nil}))
		return nil, err
	}
	peers.Tell("answered", facts(map[string]any{"status": response.StatusCode}))
	read := func(bytes int) { peers.Tell("read", facts(map[string]any{"bytes": bytes})) }
	response.Body = &body{ReadCloser: response.Body, read: read, ended: func(err error) {
		ending := map[string]any{"status": response.StatusCode, "error": nil}
		if err != nil && err != io.EOF {
			ending["error"] = err.Error()
		}
		peers.Tell("ended", facts(ending))
	}}
	return response, nil
}

type body struct {
	io.ReadCloser
	read  func(int)
	ended func(error)
	over  atomic.Bool
}

func (b *body) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	if n > 0 {
		b.read(n)
	}
	if err != nil && b.over.CompareAndSwap(false, true) {
		b.ended(err)
	}
	return n, err
}

func main() {
	url, localIP, userAgent := os.Args[1], os.Args[2], os.Args[3]
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(localIP)}, KeepAlive: 30 * time.Second}
	transport := &http.Transport{Proxy: nil, DialContext: dialer.DialContext}
	if len(os.Args) > 4 {
		file, err := os.OpenFile(os.Args[4], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			panic(err)
		}
		// The server's certificate is made for the run, and nobody else's.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, KeyLogWriter: file}
	}
	// client-go's own defaults: HTTP/2 where TLS offers it, a PING after 30 s without a frame.
	config := &rest.Config{Host: url, UserAgent: userAgent, Transport: told{utilnet.SetTransportDefaults(transport)}}
	clients := kubernetes.NewForConfigOrDie(config)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends when its standard input does
		stop()
	}()
	factory := informers.NewSharedInformerFactory(clients, 0)
	factory.Core().V1().Pods().Informer()
	factory.Core().V1().Nodes().Informer()
	factory.Start(ctx.Done())
	peers.Tell("started", map[string]any{"ip": localIP, "userAgent": userAgent})
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(getEvery):
			get, cancel := context.WithTimeout(ctx, getTimeout)
			_, _ = clients.CoreV1().ConfigMaps("kube-system").Get(get, "leader", metav1.GetOptions{})
			cancel()
		}
	}
}
