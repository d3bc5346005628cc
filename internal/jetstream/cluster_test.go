package jetstream

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/mooring-care/mooring/internal/testkit"
)

// startCluster starts three servers that replicate to each other.
func startCluster(t *testing.T) (urls []string) {
	t.Helper()
	var routes []*url.URL
	var ports []int
	var listeners []net.Listener
	for range 3 {
		// A server must know its routes before it starts, so the ports are
		// chosen here and free again by then.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, l.Addr().(*net.TCPAddr).Port) //nolint:errcheck // it listens on TCP
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		listeners = append(listeners, l)
	}
	var all []*server.Server
	for n, port := range ports {
		ns, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("node", n), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "harbor", Host: "127.0.0.1", Port: port},
			Routes:  routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ns)
	}
	for n, ns := range all {
		_ = listeners[n].Close()
		ns.Start()
		t.Cleanup(func() {
			ns.Shutdown()
			ns.WaitForShutdown()
		})
	}
	for _, ns := range all {
		if !ns.ReadyForConnections(20 * time.Second) {
			t.Fatal("a server of the cluster is not ready")
		}
		urls = append(urls, ns.ClientURL())
	}
	testkit.Eventually(t, 20*time.Second, "the cluster has a leader and three members", func() bool {
		for _, ns := range all {
			if ns.JetStreamIsLeader() {
				return len(ns.JetStreamClusterPeers()) == 3
			}
		}
		return false
	})
	return urls
}

// TestCluster tries on three replicas what one server could keep by accident.
func TestCluster(t *testing.T) {
	urls := startCluster(t)
	var stores []*Store
	for _, u := range urls {
		stores = append(stores, connect(t, Options{URL: u}))
	}
	t.Run("streams", func(t *testing.T) {
		for name, st := range stores[0].streams {
			info, err := st.Info(t.Context())
			if err != nil || info.Config.Replicas != 3 {
				t.Errorf("%s: %v; want three replicas", name, err)
				continue
			}
			if info.Config.AllowDirect {
				t.Errorf("%s lets a replica that lags answer", name)
			}
		}
	})
	t.Run("TestConflictCodes", func(t *testing.T) { race(t, stores, 40, 24) })
	t.Run("TestLookReadsLeader", func(t *testing.T) {
		for _, read := range stores {
			ref := refN(1)
			if err := read.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			last, err := stores[0].Last(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			stale(t, stores[0], read, 150, last)
		}
	})
	t.Run("TestLookWaitsForRunner", func(t *testing.T) {
		consumersOf(t, stores[0])
		for _, s := range stores {
			unaware(t, s, 30)
		}
	})
	t.Run("the client's key and the directory", func(t *testing.T) {
		for range 20 {
			for _, s := range stores {
				if err := s.CheckClientKey(t.Context(), []byte("key")); err != nil {
					t.Fatal(err)
				}
			}
		}
		for n := range 20 {
			v := fmt.Sprint("v", n)
			if err := stores[n%3].PutDirectory(t.Context(), "harbor", v, map[string][]byte{"a": []byte(v)}); err != nil {
				t.Fatal(err)
			}
			for _, s := range stores {
				if files, err := s.GetDirectory(t.Context(), "harbor", v); err != nil || string(files["a"]) != v {
					t.Fatalf("%s as another replica reads it: %q, %v", v, files, err)
				}
			}
		}
	})
}
