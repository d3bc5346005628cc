package app

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/sample"
)

// TestStoryBacktestChangesNothing: what the streams keep is decided beside a draft, in
// the version in force, and every stream is as it was to the last message. What staff
// noted and who opted out counts; an answer to a task does not.
func TestStoryBacktestChangesNothing(t *testing.T) {
	cfg := storyConfig(t)
	p := run(t, cfg)
	for _, who := range []string{"ana", "ben", "cy"} {
		p.say(events.ClientUpdated, who, events.Data{Client: person(who, events.RiskNone)})
		off := p.appointment(who+"-1", 36*time.Hour)
		off.By = events.ByClient
		p.say(events.AppointmentCancelled, who, events.Data{Appointment: off})
	}
	// One of them asks for no more mail before the first note would leave.
	out := events.Event{ID: "out", Source: "test", Clinic: p.clinic(), Key: p.ref("ben").Key, Kind: events.ClientOptedOut, Time: p.Now()}
	header, body, err := events.Encode(out)
	if err == nil {
		err = p.store.Publisher().Publish(t.Context(), events.Subject(events.SubjectInside, out.Clinic, out.Kind), "out", header, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.settle()
	password := p.secrets.operator
	p.stop()

	first := opened(t, cfg) // stands in, so that nobody else writes
	nc, err := nats.Connect("nats://" + jetstream.UserOperator + ":" + password + "@" + first.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	before := streamStates(t, nc)
	draft := filepath.Join(t.TempDir(), "late-cancellation.yaml")
	text := lateCancellation(t, "{since_start: 4h}", "{since_start: 6h}")
	if err := os.WriteFile(draft, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := BacktestOptions{Draft: draft, Open: func(ctx context.Context) (*Operator, error) { return OpenOperator(ctx, cfg) }}
	b, err := RunBacktest(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if after := streamStates(t, nc); len(before) < 9 || !maps.Equal(before, after) {
		t.Errorf("a backtest changed the streams\nbefore %+v\nafter  %+v", before, after)
	}
	was := b.AsItIs.Find("late-cancellation")
	if got := was.Find("A"); b.Source != sourceStreams || b.Events != 7 || b.Clients != 3 || got.Messages != 2 || b.Skipped != 0 {
		t.Errorf("%d events of %d clients of the %s, %+v", b.Events, b.Clients, b.Source, was)
	}
	if len(b.Reasons) != 1 || b.Reasons[0].How != "moved" || b.Reasons[0].Count != 2 {
		t.Errorf("it differs by %+v", b.Reasons)
	}

	// A whole folder beside the version in force: its hours and its own workflow differ.
	o.Draft = filepath.Join(clinicFolder(t, map[string]string{"soon": "start: {on: [appointment.cancelled]}\nprecedence: 90\nsteps: [{send: A}, {end: told}]\n"}), "quay")
	if b, err = RunBacktest(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got := b.WithDraft.Find("soon"); b.Clinic != sample.ID || got.Find("A").Messages != 3 || b.AsItIs.Find("soon").Journeys != 0 {
		t.Errorf("the clinic %s with the folder: %+v", b.Clinic, b.WithDraft)
	}
	if after := streamStates(t, nc); !maps.Equal(before, after) {
		t.Errorf("a backtest of a folder changed the streams\nbefore %+v\nafter  %+v", before, after)
	}
	o.ClinicDir = o.Draft
	if b, err = RunBacktest(t.Context(), o); err != nil || len(b.Changes) > 0 || len(b.Differ) > 0 {
		t.Errorf("%v: beside itself a folder differs by %+v", err, b)
	}
}

// lateCancellation is the built-in workflow with one change, not approved.
func lateCancellation(t *testing.T, old, replaced string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "..", "workflows", "library", "late-cancellation.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(src), "\napproved:")
	if !strings.Contains(text, old) {
		t.Fatalf("it has no %q", old)
	}
	return strings.Replace(text, old, replaced, 1) + "\n"
}

// streamState is what a stream would not have kept if somebody had written to it.
type streamState struct {
	messages, bytes, first, last uint64
	consumers                    int
}

func streamStates(t *testing.T, nc *nats.Conn) map[string]streamState {
	t.Helper()
	js, err := natsjs.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]streamState{}
	list := js.ListStreams(t.Context())
	for info := range list.Info() {
		s := info.State
		out[info.Config.Name] = streamState{s.Msgs, s.Bytes, s.FirstSeq, s.LastSeq, s.Consumers}
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
