package web

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits of guessing a short code.
const (
	// freeWrong wrong codes cost no wait: people mistype.
	freeWrong = 3
	// maxWait caps the wait that doubles with every further wrong code.
	maxWait = 30 * time.Second
	// An address keeps its pace with 1 code a second and 5 in hand.
	addressRate, addressBurst = 1, 5
	// What a link has for all addresses together, however many there are: so
	// much for those that keep their pace, so much for whoever does not, and so
	// much in reserve for those without a wrong code, whom the others' noise
	// must not keep out. Together 20 codes a second and 1,500 in hand: in the 30
	// days of a link that is some 52 million of 244 million codes, about a fifth
	// (TestOneLinkHasSoManyTries), and a guesser needs the signed link for it.
	// A closed question still takes its code, so closing ends no guessing.
	pacedRate, pacedBurst     = 10, 500
	hastyRate, hastyBurst     = 5, 500
	reserveRate, reserveBurst = 5, 500
	// maxTracked bounds the memory; forgetAfter is when an entry goes.
	maxTracked  = 10_000
	forgetAfter = 15 * time.Minute
)

// slowdown slows the guessing of short codes and never locks the right one
// out. A wrong code is answered with a wait that doubles, up to 30 s; the wait
// is what an honest client is told and what a page shows. Within it a code is
// still compared as long as the link has tries left for its address, so the
// right code opens the page at once, however many wrong ones came before from
// one address. Somebody with very many addresses can use up what a link has;
// then the right code needs a few presses, and works as soon as they stop.
type slowdown struct {
	mu sync.Mutex
	// tries are by token and address; whole are by token alone.
	tries map[tryKey]*tries
	whole map[string]*whole
}

type tryKey struct{ token, address string }

type tries struct {
	bucket
	wrong int
}

// whole is what one link has for all addresses.
type whole struct{ paced, hasty, reserve bucket }

// bucket holds what may still be tried now.
type bucket struct {
	left float64
	at   time.Time
}

func newSlowdown() *slowdown {
	return &slowdown{tries: map[tryKey]*tries{}, whole: map[string]*whole{}}
}

// take fills the bucket up for the time that went by, and takes one.
func (b *bucket) take(now time.Time, rate, burst float64) bool {
	if b.at.IsZero() {
		b.left = burst
	} else if d := now.Sub(b.at); d > 0 {
		b.left = min(burst, b.left+rate*d.Seconds())
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// allow says whether a code may be compared now; if not, wait is how long the
// sender is asked to wait.
func (s *slowdown) allow(token, address string, now time.Time) (ok bool, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	k := tryKey{token, address}
	t := s.tries[k]
	if t == nil {
		t = &tries{}
		s.tries[k] = t
	}
	w := s.whole[token]
	if w == nil {
		w = &whole{}
		s.whole[token] = w
	}
	switch {
	case t.take(now, addressRate, addressBurst) && w.paced.take(now, pacedRate, pacedBurst),
		w.hasty.take(now, hastyRate, hastyBurst),
		t.wrong == 0 && w.reserve.take(now, reserveRate, reserveBurst):
		return true, 0
	}
	return false, max(t.wait(), time.Second)
}

// failed notes a wrong code and says how long the sender is asked to wait.
func (s *slowdown) failed(token, address string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tries[tryKey{token, address}]
	if t == nil {
		return 0
	}
	t.wrong++
	return t.wait()
}

// passed forgets the wrong codes of an address that knew the right one.
func (s *slowdown) passed(token, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, tryKey{token, address})
}

func (t *tries) wait() time.Duration {
	over := t.wrong - freeWrong
	switch {
	case over <= 0:
		return 0
	case over > 5:
		return maxWait
	default:
		return min(maxWait, time.Second<<(over-1))
	}
}

// forget drops what is old once there is much to remember, and everything if
// that does not help: forgetting costs a guesser's wait, remembering too much
// would cost everybody the page.
func (s *slowdown) forget(now time.Time) {
	if len(s.tries) < maxTracked && len(s.whole) < maxTracked {
		return
	}
	for k, t := range s.tries {
		if now.Sub(t.at) > forgetAfter {
			delete(s.tries, k)
		}
	}
	for k, b := range s.whole {
		if now.Sub(b.hasty.at) > forgetAfter && now.Sub(b.paced.at) > forgetAfter {
			delete(s.whole, k)
		}
	}
	if len(s.tries) >= maxTracked {
		clear(s.tries)
	}
	if len(s.whole) >= maxTracked {
		clear(s.whole)
	}
}

// remoteAddress is where a request comes from, for the slowdown alone: an IPv6
// sender by its /56, because such a sender has all of it.
func remoteAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap()
	if ip.Is6() {
		if block, err := ip.WithZone("").Prefix(56); err == nil {
			return block.String()
		}
	}
	return ip.String()
}
