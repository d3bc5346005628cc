package app

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/mooring-care/mooring/workflows/runner"
)

func TestSmoke(t *testing.T) {
	cfg := Config{
		Data: t.TempDir(), HTTP: "127.0.0.1:0", StaffHTTP: "127.0.0.1:0", OpsHTTP: "127.0.0.1:0", NATSListen: "127.0.0.1:0",
		StoreSync: "always", Mailer: "mailbox", TimeSpeed: 21600, Log: "text", LogLevel: "debug", SendGridURL: "https://x", SMTPTLS: "required",
		TimeStart: "2026-03-02T16:00:00Z",
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := New(context.Background(), cfg, log, WithObserver(func(d runner.Decided) {
		for _, n := range d.Entry.Notes {
			t.Logf("%s %s %+v", d.Entry.Decided.Format(time.RFC3339), d.Entry.Kind, n)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(a.EventsURL())
	if err != nil {
		t.Fatal(err)
	}
	now := a.Now()
	body := `{"specversion":"1.0","id":"1","source":"ehr","type":"care.mooring.appointment.noshow","subject":"p1","time":"` + now.Format(time.RFC3339Nano) + `","data":{"client":{"first_name":"Sam","email":"sam@example.org","email_verified":true,"risk":"none","clinician":"amara","consent":{"outreach":{"state":"granted"}}},"appointment":{"id":"a1","start":"` + now.Add(-time.Hour).Format(time.RFC3339) + `"}}}`
	m := nats.NewMsg("events.sample.appointment.noshow")
	m.Header.Set("Content-Type", "application/cloudevents+json")
	m.Data = []byte(body)
	r, err := nc.RequestMsg(m, 5*time.Second)
	t.Log(string(r.Data), err)
	time.Sleep(45 * time.Second)
	a.Stop(context.Background())
	es, _ := os.ReadDir(cfg.Data + "/mailbox")
	for _, e := range es {
		b, _ := os.ReadFile(cfg.Data + "/mailbox/" + e.Name())
		t.Log(e.Name(), len(b))
	}
}
