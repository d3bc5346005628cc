package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/notifier"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden holds text against a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

var chainEnd = regexp.MustCompile(`The last is \d+, and its hash is\n  [0-9a-f]{64}`)

// TestStoryExport: one escalation reads as a story: why it was opened, who was asked
// on which rung and whether the mail arrived, who passed it on, took it, tried, and
// closed it, who looked, and that nobody touched the record.
func TestStoryExport(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.ClientKey = Secret(base64.StdEncoding.EncodeToString([]byte("stories have one key of 32 bytes")))
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		if m.To.Email == jonas {
			return &notifier.SendError{Class: notifier.Permanent, Detail: "550 5.1.1"}
		}
		return nil
	})))
	p.noshow("dee", events.RiskHigh)
	first := p.expect(amara, "escalation")
	p.noshow("ana", events.RiskHigh) // another client's is another story
	p.inbox = nil
	p.pass(31 * time.Minute) // jonas is asked, and his mail is refused
	e := p.question("dee").ID
	o := p.beside()
	export := func() string {
		t.Helper()
		o.clock.epoch.Store(p.clock.epoch.Load()) // which the program keeps in the store only now and then
		x, unwritten, err := o.ExportEscalation(t.Context(), p.clinic(), e, "")
		if err != nil || unwritten != nil {
			t.Fatal(err, unwritten)
		}
		var b bytes.Buffer
		if err := x.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if text := export(); !strings.Contains(text, "It is open.") || !regexp.MustCompile(`opened to taken +not yet`).MatchString(text) {
		t.Errorf("while it is open it says\n%s", text)
	}
	var third letter
	for _, l := range p.all {
		if l.To.Email == ruth && l.Message.Target == e && l.Message.Template == "escalation" {
			third = l
		}
	}
	clinician, supervisor := p.browser(), p.browser()
	clinician.answers(first, "take")
	p.pass(10 * time.Minute)
	clinician.answers(first, "attempt", "how", "phone")
	p.pass(time.Minute)
	clinician.answers(first, "pass", "why", events.DeclineBusy)
	p.pass(2 * time.Minute)
	if g := supervisor.post(third.link(t, "e"), "code", third.code(t), "do", "take"); g.status != http.StatusSeeOther {
		t.Fatalf("taking it: %d\n%s", g.status, g.text)
	}
	p.settle()
	p.pass(20 * time.Minute)
	supervisor.answers(third, "close", "outcome", string(events.OutcomeReachedPlan), "note", "spoke with Firstdee for a while")
	p.inbox = nil
	text := export()
	for _, never := range []string{"Firstdee", "Vandermolen", "dee@", "555 0142", "spoke with"} {
		if strings.Contains(text, never) {
			t.Errorf("it says %q", never)
		}
	}
	golden(t, "export.txt", chainEnd.ReplaceAllString(text, "The last is …, and its hash is\n  …"))

	if _, _, err := o.ExportEscalation(t.Context(), p.clinic(), "unheard", ""); err != ErrUnknownEscalation { //nolint:errorlint // that very one
		t.Errorf("another id: %v", err)
	}
	// Somebody takes an entry out.
	js, err := jetstream.New(p.nc)
	if err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(t.Context(), "AUDIT")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.SecureDeleteMsg(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	x, _, err := o.ExportEscalation(t.Context(), p.clinic(), e, "")
	if err == nil || !strings.Contains(err.Error(), "not what Mooring wrote") {
		t.Errorf("the decision that opened it is gone, and the export is %+v, %v", x, err)
	}
	check, err := o.VerifyAudit(t.Context(), "", nil)
	if err != nil || len(check.Wrong) == 0 || check.Wrong[0].Client != p.ref("dee").Key || check.Wrong[0].Wrong != "missing" {
		t.Errorf("%+v, %v", check.Wrong, err)
	}
}
