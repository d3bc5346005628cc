package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/workflows/runner"
)

// copied has AUDIT hold n decisions of client 1, more than CLIENTS keeps, and a
// few of two others.
func copied(t *testing.T, s *Store, n int) (ref runner.Ref, stop func()) {
	t.Helper()
	ref = refN(1)
	stop = effects(t, s, willing)
	decisions(t, s, refN(2), 1, 3)
	decisions(t, s, ref, 1, n)
	decisions(t, s, runner.Ref{Clinic: "quay", Key: refN(3).Key}, 1, 4)
	testkit.Eventually(t, 10*time.Second, "AUDIT has every decision", func() bool { return held(t, s, streamAudit) == uint64(n+7) })
	testkit.Eventually(t, 30*time.Second, "every copy is acknowledged", func() bool {
		floor, err := s.copiedUpTo(t.Context())
		return err == nil && floor == uint64(n+7)
	})
	return ref, stop
}

// entriesOf reads a client's chain as it stands.
func entriesOf(t *testing.T, s *Store, ref runner.Ref) (out []*nats.Msg, seqs []uint64) {
	t.Helper()
	err := s.each(t.Context(), streamAudit, prefixAudit+tail(ref), func(msg jetstream.Msg) error {
		md, err := msg.Metadata()
		out = append(out, &nats.Msg{Subject: msg.Subject(), Header: msg.Headers(), Data: slices.Clone(msg.Data())})
		seqs = append(seqs, md.Sequence.Stream)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, seqs
}

// takeOut deletes the n-th entry, from 1, so that the disk has it no more.
func takeOut(t *testing.T, s *Store, ref runner.Ref, n int) {
	t.Helper()
	_, seqs := entriesOf(t, s, ref)
	if err := s.streams[streamAudit].SecureDeleteMsg(t.Context(), seqs[n-1]); err != nil {
		t.Fatal(err)
	}
}

// rebuild writes a client's whole chain anew, as somebody can who may write to
// the store.
func rebuild(t *testing.T, s *Store, ref runner.Ref, change func([]*nats.Msg) []*nats.Msg) {
	t.Helper()
	list, _ := entriesOf(t, s, ref)
	if err := s.streams[streamAudit].Purge(t.Context(), jetstream.WithPurgeSubject(prefixAudit+tail(ref))); err != nil {
		t.Fatal(err)
	}
	for _, m := range change(list) {
		m.Header.Del("Nats-Expected-Last-Subject-Sequence")
		if _, err := s.publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
}

// relink makes every link right again.
func relink(list []*nats.Msg) []*nats.Msg {
	link := ""
	for _, m := range list {
		m.Header.Set(headerChain, link)
		link = chainHash(link, m.Data)
	}
	return list
}

// forged is an entry that claims to follow the one given.
func forged(after *nats.Msg, record uint64) *nats.Msg {
	body := []byte("a decision that nobody made")
	m := &nats.Msg{Subject: after.Subject, Header: nats.Header{}, Data: body}
	m.Header.Set(headerChain, chainHash(after.Header.Get(headerChain), after.Data))
	m.Header.Set(headerRecord, strconv.FormatUint(record, 10))
	return m
}

func recordOf(t *testing.T, m *nats.Msg) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(m.Header.Get(headerRecord), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestVerifyFindsTampering: an entry of AUDIT that was changed, taken out, put
// elsewhere or put in is found, each as what it is and where it stands, among the
// newest decisions, of which CLIENTS has a copy, and among the older ones.
func TestVerifyFindsTampering(t *testing.T) {
	const decided = 40 // CLIENTS keeps those from 17 on
	change := func(n int) func(*testing.T, *Store, runner.Ref) {
		return func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg { l[n-1].Data = []byte("another word"); return l })
		}
	}
	swap := func(n int) func(*testing.T, *Store, runner.Ref) {
		return func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg { l[n-1], l[n] = l[n], l[n-1]; return l })
		}
	}
	out := func(n int) func(*testing.T, *Store, runner.Ref) {
		return func(t *testing.T, s *Store, ref runner.Ref) { t.Helper(); takeOut(t, s, ref, n) }
	}
	insert := func(n int, wrongLink bool) func(*testing.T, *Store, runner.Ref) {
		return func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg {
				f := forged(l[n-1], recordOf(t, l[n-1])+1)
				if wrongLink {
					f.Header.Set(headerChain, "00")
				}
				return slices.Insert(l, n, f)
			})
		}
	}
	anew := func(do func([]*nats.Msg) []*nats.Msg) func(*testing.T, *Store, runner.Ref) {
		return func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg { return relink(do(l)) })
		}
	}
	for name, c := range map[string]struct {
		tamper func(*testing.T, *Store, runner.Ref)
		wrong  Wrong
		at     int // which entry of those left it names, from 1; 0 for none
	}{
		"an old one taken out":  {out(10), WrongMissing, 10},
		"a newer one taken out": {out(30), WrongMissing, 30},
		"the first taken out":   {out(1), WrongMissing, 1},
		"the last taken out":    {out(40), WrongMissing, 39},
		"all taken out": {func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func([]*nats.Msg) []*nats.Msg { return nil })
		}, WrongMissing, 0},
		"an old one changed":                     {change(10), WrongChanged, 10},
		"a newer one changed":                    {change(30), WrongChanged, 30},
		"the first changed":                      {change(1), WrongChanged, 1},
		"the last changed":                       {change(40), WrongChanged, 40},
		"two old ones swapped":                   {swap(10), WrongMoved, 10},
		"two newer ones swapped":                 {swap(30), WrongMoved, 30},
		"the last two swapped":                   {swap(39), WrongMoved, 39},
		"one put in between old ones":            {insert(10, false), WrongInserted, 11},
		"one put in between newer ones":          {insert(30, false), WrongInserted, 31},
		"one put in with a link that leads away": {insert(10, true), WrongInserted, 11},
		"one put in at the end":                  {insert(40, false), WrongInserted, 41},
		"an old one put in twice": {func(t *testing.T, s *Store, ref runner.Ref) {
			t.Helper()
			rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg { return slices.Insert(l, 10, l[9]) })
		}, WrongInserted, 11},
		"written anew without an old one":          {anew(func(l []*nats.Msg) []*nats.Msg { return slices.Delete(l, 9, 10) }), WrongMissing, 39},
		"written anew without a newer one":         {anew(func(l []*nats.Msg) []*nats.Msg { return slices.Delete(l, 29, 30) }), WrongMissing, 30},
		"written anew with one more":               {anew(func(l []*nats.Msg) []*nats.Msg { return slices.Insert(l, 10, forged(l[9], recordOf(t, l[9]))) }), "", 11},
		"written anew with a newer one changed":    {anew(func(l []*nats.Msg) []*nats.Msg { l[29].Data = []byte("x"); return l }), WrongChanged, 30},
		"written anew with two newer ones swapped": {anew(func(l []*nats.Msg) []*nats.Msg { l[29], l[30] = l[30], l[29]; return l }), WrongChanged, 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			ref, stop := copied(t, s, decided)
			stop()
			if v, err := s.Verify(t.Context(), "", nil); err != nil || len(v.Findings) > 0 || v.Clients != 3 || v.Entries != decided+7 {
				t.Fatalf("before: %+v, %v", v, err)
			}
			c.tamper(t, s, ref)
			_, seqs := entriesOf(t, s, ref)
			want := uint64(0)
			if c.at > 0 {
				want = seqs[c.at-1]
			}
			for _, clinic := range []string{"", ref.Clinic} {
				v, err := s.Verify(t.Context(), clinic, nil)
				if err != nil {
					t.Fatal(err)
				}
				ok := len(v.Findings) > 0 && v.Waiting == 0
				for _, f := range v.Findings {
					ok = ok && f.Ref == ref && f.Text != ""
				}
				// Several entries may be named; the one that was touched is, as what it is.
				ok = ok && slices.ContainsFunc(v.Findings, func(f Finding) bool {
					return (f.Wrong == c.wrong || c.wrong == "") && f.Sequence == want
				})
				if !ok {
					t.Errorf("clinic %q: %+v, want %s at %d of %d", clinic, v.Findings, c.wrong, want, seqs)
				}
				if c.wrong != "" && len(v.Findings) > 2 {
					t.Errorf("clinic %q: one deed, and %d findings: %+v", clinic, len(v.Findings), v.Findings)
				}
			}
			if v, err := s.Verify(t.Context(), "quay", nil); err != nil || len(v.Findings) > 0 || v.Clients != 1 {
				t.Errorf("another clinic: %+v, %v", v, err)
			}
		})
	}
}

// aging has AUDIT drop what is older than a second.
func aging(t *testing.T, s *Store) {
	t.Helper()
	cfg := s.streams[streamAudit].CachedInfo().Config
	cfg.MaxAge, cfg.Duplicates = time.Second, time.Second
	st, err := s.js.UpdateStream(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.streams[streamAudit] = st
}

func right(t *testing.T, s *Store, entries, waiting int) {
	t.Helper()
	v, err := s.Verify(t.Context(), "", nil)
	if err != nil || len(v.Findings) > 0 || v.Entries != entries || v.Waiting != waiting {
		t.Errorf("%+v, %v; want %d entries, %d waiting and nothing wrong", v, err, entries, waiting)
	}
}

// TestVerifyPassesWhatIsRight: what the program itself does is never called
// tampering.
func TestVerifyPassesWhatIsRight(t *testing.T) {
	t.Run("copied again after a crash", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		ref, stop := copied(t, s, 40)
		stop()
		s.chain.Purge()
		if err := s.js.DeleteConsumer(t.Context(), streamClients, consumerEffects); err != nil {
			t.Fatal(err)
		}
		stop = effects(t, s, willing)
		decisions(t, s, ref, 41, 45)
		wantChainOf(t, s, ref, 45)
		stop()
		right(t, s, 52, 0)
	})
	t.Run("not copied yet", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		ref, stop := copied(t, s, 20)
		stop()
		decisions(t, s, ref, 21, 23)
		decisions(t, s, refN(9), 1, 2)
		right(t, s, 27, 5)
	})
	t.Run("being copied", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		ref, _ := copied(t, s, 20)
		done := make(chan error, 1)
		go func() {
			prev, err := s.Last(context.Background(), ref)
			for n := 21; n <= 300 && err == nil; n++ {
				prev, err = s.Append(context.Background(), ref, prev, fmt.Appendf(nil, "decision %d\nstate", n), runner.Meta{Previous: prev, Decisions: int64(n)})
			}
			done <- err
		}()
		for looks := 0; ; looks++ {
			v, err := s.Verify(t.Context(), "", nil)
			if err != nil || len(v.Findings) > 0 {
				t.Fatalf("look %d: %+v, %v", looks, v.Findings, err)
			}
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				wantChainOf(t, s, ref, 300)
				right(t, s, 307, 0)
				return
			default:
			}
		}
	})
	t.Run("dropped for its age", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		ref, stop := copied(t, s, 20)
		aging(t, s)
		testkit.Eventually(t, 20*time.Second, "AUDIT has dropped all", func() bool { return held(t, s, streamAudit) == 0 })
		right(t, s, 0, 0)
		decisions(t, s, ref, 21, 22)
		wantChainOf(t, s, ref, 2)
		stop()
		right(t, s, 2, 0)
		list, _ := entriesOf(t, s, ref)
		if list[0].Header.Get(headerChainAnew) == "" {
			t.Error("the chain does not begin anew, so nothing was shown")
		}
	})
	t.Run("written by a version that did not count", func(t *testing.T) {
		t.Parallel()
		s := newStore(t)
		stop := effects(t, s, willing)
		var prev uint64
		for n := range 20 {
			var err error
			if prev, err = s.Append(t.Context(), refN(1), prev, fmt.Appendf(nil, "decision %d\nstate", n), runner.Meta{Previous: prev}); err != nil {
				t.Fatal(err)
			}
		}
		wantChainOf(t, s, refN(1), 20)
		stop()
		right(t, s, 20, 0)
	})
}

// Whoever takes all entries of a client away and lets the program go on has the
// chain begin anew: that is no age, and is said.
func TestVerifyBeginsAnewTooSoon(t *testing.T) {
	s := newStore(t)
	ref, stop := copied(t, s, 20)
	rebuild(t, s, ref, func([]*nats.Msg) []*nats.Msg { return nil })
	s.chain.Purge()
	decisions(t, s, ref, 21, 40) // CLIENTS forgets what was taken
	wantChainOf(t, s, ref, 20)
	stop()
	v, err := s.Verify(t.Context(), "", nil)
	_, seqs := entriesOf(t, s, ref)
	if err != nil || !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Wrong == WrongMissing && f.Sequence == seqs[0] }) {
		t.Errorf("%+v, %v", v.Findings, err)
	}
}

// A verification that cannot read says so rather than that all is well.
func TestVerifyFails(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Verify(ctx, "", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What the chain cannot show by itself, an end that was written down before does:
// old entries were changed, and every later one was written anew to fit.
func TestVerifyAgainstEarlierEnds(t *testing.T) {
	s := newStore(t)
	ref, stop := copied(t, s, 20)
	before, err := s.Verify(t.Context(), "", nil)
	if err != nil || len(before.Ends) != 3 || before.Ends[ref].Hash == "" {
		t.Fatalf("%+v, %v", before, err)
	}
	decisions(t, s, ref, 21, 60)
	wantChainOf(t, s, ref, 60)
	stop()
	if v, err := s.Verify(t.Context(), "", before.Ends); err != nil || len(v.Findings) > 0 {
		t.Fatalf("a chain that only grew: %+v, %v", v.Findings, err)
	}
	rebuild(t, s, ref, func(l []*nats.Msg) []*nats.Msg { l[9].Data = []byte("another word"); return relink(l) })
	if v, err := s.Verify(t.Context(), "", nil); err != nil || len(v.Findings) > 0 {
		t.Fatalf("now the chain shows it by itself: say so in docs/audit.md: %+v, %v", v.Findings, err)
	}
	v, err := s.Verify(t.Context(), "", before.Ends)
	if err != nil || len(v.Findings) != 1 || v.Findings[0].Ref != ref || v.Findings[0].Wrong != WrongChanged || v.Findings[0].Sequence != before.Ends[ref].Sequence {
		t.Errorf("%+v, %v", v.Findings, err)
	}
}
