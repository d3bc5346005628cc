package app

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mooring-care/mooring/internal/testkit/fakesendgrid"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
)

// sampleTest is a preview of the sample clinic, to be sent as a test.
func sampleTest(t *testing.T, name string) (*Previews, MailPreview) {
	t.Helper()
	p, err := OpenPreviews("", time.Date(2026, 3, 2, 16, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Mail(name, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

// TestSendTest: one mail, marked in its subject and both bodies, to a person of the
// directory and to nobody else.
func TestSendTest(t *testing.T) {
	t.Parallel()
	p, m := sampleTest(t, "A")
	cfg := Config{Mailer: "mailbox", Mailbox: filepath.Join(t.TempDir(), "box")}
	if _, err := p.SendTest(t.Context(), cfg, m, "sam@client.example"); err == nil || !strings.Contains(err.Error(), "there is: ") || !strings.Contains(err.Error(), "amara") {
		t.Errorf("to an address that is nobody's: %v", err)
	}
	went, err := p.SendTest(t.Context(), cfg, m, "amara")
	if err != nil || !strings.Contains(went, cfg.Mailbox) {
		t.Fatalf("%q, %v", went, err)
	}
	box, err := mailbox.New(cfg.Mailbox, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	list, err := box.List(10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d mails, %v", len(list), err)
	}
	got, err := box.Read(list[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "[Test] "+m.Subject || got.To.Email != p.clinic.Staff.Person("amara").Email {
		t.Errorf("%q to %q", got.Subject, got.To.Email)
	}
	for part, body := range map[string]string{"text": got.Text, "html": got.HTML} {
		if strings.Count(body, "This is a test.") != 1 {
			t.Errorf("the %s is not marked:\n%s", part, body)
		}
	}
	// The mail itself stands below its mark, whole.
	if words := strings.Join(strings.Fields(m.Text), " "); !strings.HasSuffix(strings.Join(strings.Fields(got.Text), " "), words) {
		t.Errorf("the text is not the mail's:\n%s", got.Text)
	}
	if slices.ContainsFunc(got.Headers, func(h notifier.Header) bool { return strings.EqualFold(h.Name, "List-Unsubscribe") }) {
		t.Error("a test offers to unsubscribe")
	}
}

// TestSendTestBySendGrid: the provider's word counts, and the clinic must have said that
// it knows what SendGrid is.
func TestSendTestBySendGrid(t *testing.T) {
	t.Parallel()
	p, m := sampleTest(t, "escalation")
	server, err := fakesendgrid.Start(fakesendgrid.Config{Key: "SG.invented", KeepText: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	cfg := Config{Mailer: "sendgrid", SendGridKey: "SG.invented", SendGridURL: server.URL()}
	if _, err := p.SendTest(t.Context(), cfg, m, "amara"); err == nil || !strings.Contains(err.Error(), "acknowledge_no_baa") {
		t.Errorf("without the clinic's word: %v", err)
	}
	p.clinic.AcknowledgeNoBAA = true
	went, err := p.SendTest(t.Context(), cfg, m, "amara")
	if err != nil || !strings.Contains(went, "the provider took it") {
		t.Fatalf("%q, %v", went, err)
	}
	if got := server.Received(); len(got) != 1 || got[0].Status != http.StatusAccepted || !strings.HasPrefix(got[0].Subject, "[Test] ") || got[0].Lane != "safety" {
		t.Errorf("it took %+v", got)
	}
	cfg.SendGridKey = "SG.other"
	if _, err := p.SendTest(t.Context(), cfg, m, "amara"); err == nil || !strings.Contains(err.Error(), "was not taken") || strings.Contains(err.Error(), "SG.other") {
		t.Errorf("with a wrong key: %v", err)
	}
}
