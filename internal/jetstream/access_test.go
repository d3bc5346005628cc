package jetstream

import (
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/workflows/runner"
)

func keepLooks(t *testing.T, s *Store, n, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := s.KeepAccess(t.Context(), refN(n), Access{At: time.Unix(int64(i), 0).UTC(), Who: "amara", Page: "client"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAccessChain: looks are chained over restarts and replicas, each kept once
// however often it is told; one that is changed, taken out or put in shows.
func TestAccessChain(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	a, b := connect(t, Options{Server: srv}), connect(t, Options{Server: srv})
	keepLooks(t, a, 1, 1, 5)
	keepLooks(t, b, 1, 6, 8)
	keepLooks(t, a, 1, 9, 10)
	keepLooks(t, b, 1, 10, 10) // told again, to another replica
	keepLooks(t, a, 1, 10, 10)
	var both sync.WaitGroup
	for i, s := range []*Store{a, b} {
		both.Go(func() { keepLooks(t, s, 2, 1+100*i, 20+100*i) })
	}
	both.Wait()
	v, err := a.VerifyAccess(t.Context(), "", nil)
	if err != nil || v.Entries != 50 || v.Clients != 2 || len(v.Findings) > 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	n := 0
	if err := a.Accesses(t.Context(), refN(1), func(ref runner.Ref, x Access) error {
		if n++; ref != refN(1) || x.At.Unix() != int64(n) {
			t.Errorf("look %d of %v is %+v", n, ref, x)
		}
		return nil
	}); err != nil || n != 10 {
		t.Errorf("%d looks, %v", n, err)
	}
	subject := prefixAccess + tail(refN(1))
	if err := a.streams[streamAccess].SecureDeleteMsg(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	if v, err = a.VerifyAccess(t.Context(), "harbor", nil); err != nil || len(v.Findings) != 1 || v.Findings[0].Ref != refN(1) || v.Findings[0].Sequence != 3 {
		t.Errorf("one taken out of the middle: %+v, %v", v.Findings, err)
	}
	if _, err := a.publish(t.Context(), &nats.Msg{Subject: subject, Data: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if v, err = a.VerifyAccess(t.Context(), "", nil); err != nil || len(v.Findings) != 2 {
		t.Errorf("one put in at the end: %+v, %v", v.Findings, err)
	}
	ends := v.Ends
	if err := a.streams[streamAccess].Purge(t.Context(), jetstream.WithPurgeSubject(prefixAccess+tail(refN(2)))); err != nil {
		t.Fatal(err)
	}
	if v, err = a.VerifyAccess(t.Context(), "", ends); err != nil || len(v.Findings) != 3 || v.Findings[2].Ref != refN(2) {
		t.Errorf("all of a client taken out, against an earlier end: %+v, %v", v.Findings, err)
	}
}

// A server whose streams an earlier version made is read all the same; a look that
// cannot be kept there says so.
func TestAccessBesideAnEarlierVersion(t *testing.T) {
	srv := startServer(t, serverConfig(t.TempDir()))
	s := connect(t, Options{Server: srv})
	if err := s.js.DeleteStream(t.Context(), streamAccess); err != nil {
		t.Fatal(err)
	}
	beside := connect(t, Options{URL: "nats://" + srv.Addr(), User: UserOperator, Password: operatorPassword, Beside: true})
	if err := beside.KeepAccess(t.Context(), refN(1), Access{}); err != ErrNoAccess { //nolint:errorlint // it is that very one
		t.Errorf("got %v", err)
	}
	if v, err := beside.VerifyAccess(t.Context(), "", nil); err != nil || v.Entries != 0 {
		t.Errorf("%+v, %v", v, err)
	}
}
