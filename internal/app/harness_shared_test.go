package app

import (
	"bytes"
	"sync"
)

// buffer is a log that many goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// tail is the end of the log, for a test that failed.
func (b *buffer) tail() string {
	s := b.String()
	return s[max(0, len(s)-4000):]
}

// set is a set of strings that many goroutines use.
type set struct {
	mu sync.Mutex
	m  map[string]bool // guarded by mu
}

func newSet(of ...string) *set {
	s := &set{m: map[string]bool{}}
	for _, x := range of {
		s.m[x] = true
	}
	return s
}

func (s *set) put(x string, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[x] = in
}

func (s *set) has(x string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m[x]
}
