package app

import (
	"strings"
	"testing"
)

func TestOpenToOthers(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:4222": false, "localhost:4222": false, "[::1]:4222": false, "127.0.0.9:1": false,
		":4222": true, "0.0.0.0:4222": true, "[::]:4222": true, "10.0.0.4:4222": true, "nats.clinic.example:4222": true, "wrong": true,
	} {
		if got := openToOthers(addr); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
}

// TestNATSPortOpenToOthersIsSaid: the port has no TLS, and whoever opens it to
// a network is told so at the start.
func TestNATSPortOpenToOthersIsSaid(t *testing.T) {
	for listen, want := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		t.Run(listen, func(t *testing.T) {
			cfg := storyConfig(t)
			cfg.NATSListen = listen
			p := run(t, cfg)
			if got := strings.Contains(p.log.String(), "MOORING_NATS_LISTEN lets other machines in"); got != want {
				t.Errorf("warned: %v, want %v", got, want)
			}
		})
	}
}
