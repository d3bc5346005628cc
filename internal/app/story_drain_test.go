package app

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/internal/testkit"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

// heldLog has one record wait for a test.
type heldLog struct {
	runner.Log
	armed *atomic.Bool
	held  chan<- runner.Ref
	goOn  <-chan struct{}
}

// Append tells whose record waits, the first time after it was armed.
func (l heldLog) Append(ctx context.Context, ref runner.Ref, expected uint64, record []byte, meta runner.Meta) (uint64, error) {
	if l.armed.CompareAndSwap(true, false) {
		l.held <- ref
		<-l.goOn
	}
	return l.Log.Append(ctx, ref, expected, record, meta)
}

// What is pressed on a page as the program stops is either decided on, and the
// page says so, or the page cannot be reached: nobody is left to think that
// they asked for help. Mail that is slow holds up neither.
func TestDrainPages(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	sending, sent := make(chan string, 10), make(chan struct{})
	provider := scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		sending <- m.ID
		<-sent
		return nil
	})
	armed, held, goOn := &atomic.Bool{}, make(chan runner.Ref), make(chan struct{})
	p := run(t, cfg, WithProvider(provider), WithBetween(Between{Log: func(l runner.Log) runner.Log { return heldLog{l, armed, held, goOn} }}))
	ref := p.ref("wen")
	p.publish(p.event(events.ClientSignal, "wen", events.Data{Client: person("wen", events.RiskNone), Signal: &events.Signal{Name: "quiet"}}))
	message := <-sending
	link := publicURL + "/c/" + p.secrets.linkKeys.Sign(links.Claims{
		Purpose: links.Checkin, Clinic: ref.Clinic, Target: message, Recipient: ref.Key, Issued: p.Now(), Expires: p.Now().Add(time.Hour),
	})
	pressed := make(chan page, 1)
	armed.Store(true)
	go func() { pressed <- p.browser().post(link, "id", links.NewID(), "feeling", "not-safe") }()
	if got := <-held; got != ref {
		t.Fatalf("the press decides on %v", got)
	}
	stopped := make(chan bool, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped <- p.Stop(ctx)
	}()
	testkit.Eventually(t, patience, "it says that it stops, and opens no page", func() bool {
		conn, err := net.DialTimeout("tcp", p.Addr("MOORING_HTTP"), time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil && p.browser().get(opsURL+"/readyz").status == http.StatusServiceUnavailable
	})
	close(goOn)
	if g := <-pressed; g.status != http.StatusOK && g.status != http.StatusSeeOther {
		t.Errorf("what was pressed before is not confirmed: %d\n%s", g.status, g.text)
	}
	close(sent)
	if !<-stopped {
		t.Error("it did not finish what was under way")
	}
	p.stop()
	p.start(cfg)
	p.settle()
	if n := len(p.state("wen").Escalations); n != 1 {
		t.Errorf("%d questions are open after the press", n)
	}
	p.inbox = nil
}

// A stop that runs out of time says so.
func TestStopOutOfTime(t *testing.T) {
	t.Parallel()
	cfg := storyConfig(t)
	cfg.Clinics = clinicFolder(t, atOnce())
	sending, sent := make(chan string, 1), make(chan struct{})
	p := run(t, cfg, WithProvider(scriptedMail(t, cfg, func(_ context.Context, m notifier.Mail) error {
		sending <- m.ID
		<-sent
		return nil
	})))
	p.publish(p.event(events.ClientSignal, "wen", events.Data{Client: person("wen", events.RiskNone), Signal: &events.Signal{Name: "quiet"}}))
	<-sending
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if p.Stop(ctx) {
		t.Error("it says that all was finished, and a mail is on its way")
	}
	close(sent)
	if p.Stop(t.Context()) {
		t.Error("asked again, it says another thing")
	}
	p.stop()
}
