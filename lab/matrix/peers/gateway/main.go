// A gateway with faults of its own, TLS with HTTP/2 before it and h2c behind: it sends on into a connection whose GOAWAY it has read, and
// tells no client that an upstream has closed or reset.
//
//	gateway ADDRESS CERTIFICATE KEY SERVER...
package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const window = 1 << 30

// What one upstream stream says to the handler that waits for it.
type word struct {
	headers []hpack.HeaderField
	data    []byte
	last    bool
	reset   bool
}

type upstream struct {
	mutex   sync.Mutex
	framer  *http2.Framer
	next    uint32
	streams map[uint32]chan word
	closed  atomic.Bool
}

func dial(server string) (*upstream, error) {
	conn, err := net.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		return nil, err
	}
	up := &upstream{framer: http2.NewFramer(conn, conn), next: 1, streams: map[uint32]chan word{}}
	up.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = up.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}, http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	_ = up.framer.WriteWindowUpdate(0, window)
	go up.listen()
	return up, nil
}

func (up *upstream) say(id uint32, said word) {
	up.mutex.Lock()
	stream := up.streams[id]
	up.mutex.Unlock()
	if stream != nil {
		stream <- said
	}
}

// A GOAWAY changes nothing, and when the connection ends the streams on it wait for ever: those are the faults.
func (up *upstream) listen() {
	defer up.closed.Store(true)
	for {
		frame, err := up.framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				up.locked(func() { _ = up.framer.WriteSettingsAck() })
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				up.locked(func() { _ = up.framer.WritePing(true, frame.Data) })
			}
		case *http2.MetaHeadersFrame:
			up.say(frame.StreamID, word{headers: frame.Fields, last: frame.StreamEnded()})
		case *http2.DataFrame:
			up.say(frame.StreamID, word{data: bytes.Clone(frame.Data()), last: frame.StreamEnded()})
		case *http2.RSTStreamFrame:
			up.say(frame.StreamID, word{reset: true})
		}
	}
}

func (up *upstream) locked(act func()) {
	up.mutex.Lock()
	defer up.mutex.Unlock()
	act()
}

// A table of its own for each request: nothing in it is indexed, so that none depends on another.
func (up *upstream) ask(r *http.Request) (uint32, chan word) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encoder.SetMaxDynamicTableSize(0)
	field := func(name, value string) { _ = encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	field(":method", r.Method)
	field(":scheme", "http")
	field(":authority", r.Host)
	field(":path", r.URL.RequestURI())
	for name, values := range r.Header {
		for _, value := range values {
			field(strings.ToLower(name), value)
		}
	}
	up.mutex.Lock()
	defer up.mutex.Unlock()
	id := up.next
	up.next += 2
	stream := make(chan word, 64)
	up.streams[id] = stream
	_ = up.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	return id, stream
}

func (up *upstream) forget(id uint32) {
	up.locked(func() {
		delete(up.streams, id)
		_ = up.framer.WriteRSTStream(id, http2.ErrCodeCancel)
	})
}

type gateway struct {
	mutex     sync.Mutex
	servers   []string
	upstreams map[string]*upstream
	turn      int
}

// The next server in turn, on the connection to it that there is; one to which none can be opened is passed over.
func (g *gateway) pick() *upstream {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for range g.servers {
		g.turn++
		server := g.servers[g.turn%len(g.servers)]
		if up := g.upstreams[server]; up != nil && !up.closed.Load() {
			return up
		}
		if up, err := dial(server); err == nil {
			g.upstreams[server] = up
			return up
		}
	}
	return nil
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up := g.pick()
	if up == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	id, stream := up.ask(r)
	for {
		select {
		case <-r.Context().Done():
			up.forget(id)
			return
		case said := <-stream:
			if said.reset {
				panic(http.ErrAbortHandler)
			}
			if said.headers != nil {
				answer(w, said.headers)
			}
			_, _ = w.Write(said.data)
			w.(http.Flusher).Flush()
			if said.last {
				return
			}
		}
	}
}

func answer(w http.ResponseWriter, fields []hpack.HeaderField) {
	status := http.StatusOK
	for _, field := range fields {
		if field.Name == ":status" {
			status = int(field.Value[0]-'0')*100 + int(field.Value[1]-'0')*10 + int(field.Value[2]-'0')
		} else {
			w.Header().Set(field.Name, field.Value)
		}
	}
	w.WriteHeader(status)
}

func main() {
	address, certificate, key := os.Args[1], os.Args[2], os.Args[3]
	own := &gateway{servers: os.Args[4:], upstreams: map[string]*upstream{}}
	server := &http.Server{Addr: address, Handler: own}
	if err := server.ListenAndServeTLS(certificate, key); err != nil {
		panic(err)
	}
}
