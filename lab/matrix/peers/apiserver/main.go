// A stand-in for kube-apiserver on Go's own HTTP server, as the real one is: LIST, WATCH with events, bookmarks and timeoutSeconds, GET.
//
//	apiserver ADDRESS h2c|tls|http1 DRAIN_SECONDS
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"

	"watchpcap.invalid/peers"
)

const (
	items         = 4
	bookmarkEvery = 60 * time.Second
)

var version, active atomic.Int64

func object(kind string, index int64) map[string]any {
	meta := map[string]any{
		"name": fmt.Sprintf("web-%d", index), "namespace": "default",
		"uid": fmt.Sprintf("6c1f0a52-0000-4000-8000-%012d", index), "resourceVersion": strconv.FormatInt(version.Add(1), 10),
	}
	return map[string]any{"kind": kind, "apiVersion": "v1", "metadata": meta}
}

func serve(w http.ResponseWriter, r *http.Request) {
	active.Add(1)
	defer active.Add(-1)
	facts := func() map[string]any {
		return map[string]any{"remote": r.RemoteAddr, "path": r.URL.Path, "userAgent": r.UserAgent(), "watch": r.URL.Query().Get("watch") != ""}
	}
	peers.Tell("request", facts())
	defer func() { peers.Tell("done", facts()) }()
	kind := "Pod"
	if strings.HasSuffix(r.URL.Path, "/nodes") {
		kind = "Node"
	}
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	switch {
	case strings.Contains(r.URL.Path, "/configmaps/"):
		_ = encoder.Encode(object("ConfigMap", 0))
	case r.URL.Query().Get("watch") == "":
		list := []any{}
		for i := int64(0); i < items; i++ {
			list = append(list, object(kind, i))
		}
		meta := map[string]any{"resourceVersion": strconv.FormatInt(version.Add(1), 10)}
		_ = encoder.Encode(map[string]any{"kind": kind + "List", "apiVersion": "v1", "metadata": meta, "items": list})
	default:
		watch(w, r, kind, facts)
	}
}

// Events come at irregular times, the same in each run: gaps of 1 to 7 s from a small generator that each watch seeds alike.
func watch(w http.ResponseWriter, r *http.Request, kind string, facts func() map[string]any) {
	seconds, err := strconv.Atoi(r.URL.Query().Get("timeoutSeconds"))
	if err != nil {
		seconds = 1800
	}
	deadline := time.After(time.Duration(seconds) * time.Second)
	bookmarks := time.NewTicker(bookmarkEvery)
	defer bookmarks.Stop()
	flusher := w.(http.Flusher)
	w.WriteHeader(http.StatusOK)
	flusher.Flush()
	write := func(what string, index int64) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": what, "object": object(kind, index)})
		flusher.Flush()
		peers.Tell("event", facts())
	}
	gap := int64(1)
	for {
		gap = (gap*5 + 3) % 13
		select {
		case <-r.Context().Done():
			return
		case <-deadline:
			return
		case <-bookmarks.C:
			write("BOOKMARK", 0)
		case <-time.After(time.Second + time.Duration(gap)*500*time.Millisecond):
			write("MODIFIED", gap%items)
		}
	}
}

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: []string{"kubernetes"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func main() {
	server := &http.Server{Addr: os.Args[1], Handler: http.HandlerFunc(serve)}
	protocol := os.Args[2]
	drain, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	if protocol == "h2c" {
		own := &http2.Server{}
		server.Handler = h2c.NewHandler(server.Handler, own)
		if err := http2.ConfigureServer(server, own); err != nil {
			panic(err)
		}
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		peers.Tell("stopping", map[string]any{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(drain)*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		// A connection that began as h2c is none of the server's own: Shutdown says GOAWAY on it and does not wait.
		for ctx.Err() == nil && active.Load() > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		peers.Tell("leaving", map[string]any{})
		os.Exit(0)
	}()
	peers.Tell("listening", map[string]any{"protocol": protocol})
	if protocol == "tls" {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate()}, NextProtos: []string{"h2", "http/1.1"}}
		err = server.ListenAndServeTLS("", "")
	} else {
		err = server.ListenAndServe()
	}
	peers.Tell("ended", map[string]any{"error": err.Error()})
	if errors.Is(err, http.ErrServerClosed) {
		select {} // what is under way goes on until the drain is over
	}
}
