package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mooring-care/mooring/internal/testkit"
)

func TestHealth(t *testing.T) {
	settle(t, testClinics)
	a := begin(t)
	_, port, err := net.SplitHostPort(a.Addr("MOORING_OPS_HTTP"))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, patience, "it has read what is open", func() bool {
		t.Setenv("MOORING_OPS_HTTP", a.Addr("MOORING_OPS_HTTP"))
		return call(t, "health").code == exitDone
	})
	for _, addr := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port} {
		t.Setenv("MOORING_OPS_HTTP", addr)
		if got := done(t, "health"); got != "ready\n" {
			t.Errorf("at %s: %q", addr, got)
		}
	}
	a.Stop(context.Background())
	fails(t, exitWrong, "ask whether Mooring is ready", "health")
	t.Setenv("MOORING_OPS_HTTP", "nowhere")
	fails(t, exitMisuse, "MOORING_OPS_HTTP: is not host:port", "health")
	if help := call(t, "--help"); strings.Contains(help.out, "health") {
		t.Error("the help lists a command that only a container calls")
	}
}

func TestHealthNotReady(t *testing.T) {
	settle(t, testClinics)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	t.Setenv("MOORING_OPS_HTTP", strings.TrimPrefix(srv.URL, "http://"))
	fails(t, exitWrong, "it answered 503", "health")
}
