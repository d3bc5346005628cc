package workflows

import (
	"sync"
	"time"
)

// zoneCache keeps what each zone's name was read as the first time it was met.
// So the zone database, the machine's or else the one built into the program,
// is as fixed for a running program as its code is, and a decision reads
// nothing: no I/O, and the same answer each time.
type zoneCache struct {
	mu    sync.RWMutex
	known map[string]*time.Location // nil for a name that is no zone; guarded by mu
}

// mostZones bounds the cache. There are some 600 zones; the rest is room for
// names that a feed misspells.
const mostZones = 4096

// zones is the one mutable global of this package: a cache, whose content no
// decision can change.
var zones = zoneCache{known: map[string]*time.Location{}} //nolint:gochecknoglobals // a cache of what never changes

// zone finds a time zone by its IANA name; nil where there is none.
func (z *zoneCache) zone(name string) *time.Location {
	z.mu.RLock()
	loc, met := z.known[name]
	z.mu.RUnlock()
	if met {
		return loc
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		loc = nil
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if first, met := z.known[name]; met {
		return first // somebody read it meanwhile: theirs stands
	}
	if len(z.known) < mostZones {
		z.known[name] = loc
	}
	return loc
}
