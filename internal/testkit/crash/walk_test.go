package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/internal/testkit/faults"
	"github.com/mooring-care/mooring/workflows"
)

// TestCrashWalk kills the program while it sets the deadlines of silent clients
// anew, because their clinic's folder waits longer: in the end each has the new
// one, set once.
func TestCrashWalk(t *testing.T) {
	t.Parallel()
	const clients, eachKill = 400, 100
	r := newRun(t)
	password, port := text(), freePort(t)
	p := r.program("mooring", map[string]string{
		"MOORING_NATS_LISTEN": port, "MOORING_NATS_PASSWORD": password, "MOORING_STORE_SYNC": "always",
	})
	begin := func() {
		p.start(t)
		p.ready(t, 30*time.Second)
	}
	begin()
	visit := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	pipe, err := jetstream.DialPipe("nats://events:"+password+"@"+port, 64)
	if err != nil {
		t.Fatal(err)
	}
	for i := range clients {
		header, body, err := events.Encode(events.Event{
			ID: fmt.Sprint(i), Source: "ehr", Clinic: faults.Clinic, Client: fmt.Sprint("silent-", i), Kind: events.AppointmentAttended, Time: visit,
			Data: events.Data{Appointment: &events.Appointment{ID: "visit", Start: &visit}},
		})
		if err == nil {
			err = pipe.Publish(events.Subject(events.SubjectEvents, faults.Clinic, events.AppointmentAttended), header, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := pipe.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	operator, err := os.ReadFile(filepath.Join(r.dir, "mooring", "keys", "nats-operator-password"))
	if err != nil {
		t.Fatal(err)
	}
	url := "nats://operator:" + strings.TrimSpace(string(operator)) + "@" + port
	untilRecords(t, url, clients)
	untilFinished(t, url)
	base := untilRecords(t, url, clients)
	if code := p.stop(30 * time.Second); code != 0 {
		t.Fatalf("it ended with %d:\n%s", code, p.tail())
	}

	file := filepath.Join(r.dir, "clinics", faults.Clinic, "workflows", "disengaged.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	longer := strings.Replace(string(src), "for: 21d", "for: 28d", 1)
	out, _, err := workflows.Approve("disengaged.yaml", []byte(longer), "The tests", visit)
	if err != nil || longer == string(src) {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		begin()
		untilRecords(t, url, base+uint64(n)*eachKill)
		p.kill()
	}
	begin()
	untilRecords(t, url, base+clients)
	untilFinished(t, url)
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	snap, err := faults.Take(t.Context(), nc)
	if err != nil {
		t.Fatal(err)
	}
	if len(snap.Clients) != clients {
		t.Fatalf("%d clients", len(snap.Clients))
	}
	want := visit.Add(28 * 24 * time.Hour)
	for ref, c := range snap.Clients {
		said := 0
		for _, a := range snap.Audit[ref] {
			for _, n := range a.Entry.Notes {
				if n.Reason == workflows.AbsenceMoved {
					said++
				}
			}
		}
		if len(c.State.Missed) != 1 || !c.State.Missed[0].Due.Equal(want) || said != 1 {
			t.Errorf("set %d times: %+v; want %v", said, c.State.Missed, want)
		}
		if at := snap.Timers[ref].Set; !at.Equal(c.State.Next()) {
			t.Errorf("the timer is set to %v, the deadline is %v", at, c.State.Next())
		}
	}
}

// untilFinished waits until nothing is left to do.
func untilFinished(t *testing.T, url string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	testkit.Eventually(t, time.Minute, "all is done", func() bool {
		left, err := faults.Unfinished(t.Context(), nc)
		return err == nil && len(left) == 0
	})
}

// untilRecords waits until CLIENTS has taken so many records; it returns how many
// there are.
func untilRecords(t *testing.T, url string, n uint64) (last uint64) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, time.Minute, fmt.Sprintf("there are %d records", n), func() bool {
		st, err := js.Stream(t.Context(), "CLIENTS")
		if err != nil {
			return false
		}
		last = st.CachedInfo().State.LastSeq
		return last >= n
	})
	return last
}
