package web

import (
	"fmt"
	"testing"
	"time"
)

// TestOneLinkHasSoManyTries, however many addresses guess: here thousands with a
// code a second each, and a new address with every try.
func TestOneLinkHasSoManyTries(t *testing.T) {
	const seconds, perSecond, month = 600, 300, 30 * 24 * 3600
	// What is promised: 20 a second and 1,500 in hand.
	const most = 20*seconds + 1500
	for name, address := range map[string]func(second, i int) string{
		"the same addresses again and again": func(_, i int) string { return fmt.Sprintf("2001:db8:%x::/56", i) },
		"a new address with every try":       func(s, i int) string { return fmt.Sprintf("2001:db8:%x:%x::/56", s, i) },
		"one address":                        func(int, int) string { return "192.0.2.1" },
	} {
		t.Run(name, func(t *testing.T) {
			s, now, tried := newSlowdown(), time.Unix(0, 0), 0
			for second := range seconds {
				for i := range perSecond {
					if ok, _ := s.allow("link", address(second, i), now); ok {
						tried++
						s.failed("link", address(second, i))
					}
				}
				now = now.Add(time.Second)
			}
			if tried > most {
				t.Errorf("%d codes were compared in %d seconds, want at most %d", tried, seconds, most)
			}
		})
	}
	if codes := 25 * 25 * 25 * 25 * 25 * 25; 20*month+1500 > codes/4 {
		t.Errorf("a link's 30 days are enough for more than a quarter of %d codes", codes)
	}
}

// TestNoiseKeepsNobodyOut: while 300 addresses send wrong codes as fast as they
// are let, an address without one is let in at once.
func TestNoiseKeepsNobodyOut(t *testing.T) {
	s, now := newSlowdown(), time.Unix(0, 0)
	for second := range 900 {
		for i := range 300 {
			address := fmt.Sprintf("192.0.2.%d", i)
			if ok, _ := s.allow("link", address, now); ok {
				s.failed("link", address)
			}
		}
		if ok, wait := s.allow("link", fmt.Sprintf("198.51.100.%d", second), now); !ok {
			t.Fatalf("after %d seconds of noise: asked to wait %v", second, wait)
		}
		now = now.Add(time.Second)
	}
}
