package app

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// testSendWithin bounds one test mail.
const testSendWithin = time.Minute

// testWords stand above a test mail, in both bodies.
const testWords = "This is a test. Somebody at %s sent it to see what this mail looks like and whether it arrives. It is about no client. You need do nothing, and its links are for nobody."

// SendTest sends one mail, marked as a test, to a member of staff: by the mailer and the
// settings of the running program, so that what arrives here arrives there. person is an
// id of the clinic's directory, and nobody else can be written to. It returns where the
// mail went in words, and an error where the provider did not take it.
func (p *Previews) SendTest(ctx context.Context, cfg Config, m MailPreview, person string) (string, error) {
	to := p.clinic.Staff.Person(person)
	if to == nil || to.Email == "" {
		return "", fmt.Errorf("%q is no id of the people or emergency addresses in clinic.yaml; there is: %s", person, strings.Join(p.reachable(), ", "))
	}
	if cfg.Mailer == "sendgrid" {
		if err := acknowledged(p.clinic); err != nil {
			return "", err
		}
	}
	provider, box, err := newProvider(&cfg, nil)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, testSendWithin)
	defer cancel()
	if _, err := provider.Send(ctx, p.test(m, to)); err != nil {
		return "", fmt.Errorf("the test mail to %s was not taken: %w", person, err)
	}
	if box != nil {
		return "it lies in " + box.Dir() + ", since no mail leaves this machine with the mailer “mailbox”", nil
	}
	return "the provider took it; whether it arrived is for " + to.Name + " to say", nil
}

// reachable are the ids that a test can be sent to.
func (p *Previews) reachable() []string {
	var out []string
	for _, one := range p.clinic.Staff.People {
		if one.Email != "" {
			out = append(out, one.ID)
		}
	}
	return out
}

// test is a mail with the mark above it. It takes the lane of questions about safety,
// as those to the same person do.
func (p *Previews) test(m MailPreview, to *escalation.Person) notifier.Mail {
	words := fmt.Sprintf(testWords, p.Name)
	mark := `<div style="max-width:600px;margin:0 auto 16px;padding:12px 16px;border:2px dashed #8f3a22;border-radius:8px;background:#ffffff;color:#22303a;font:16px/1.5 sans-serif"><strong>` + html.EscapeString(words) + `</strong></div>`
	page := m.HTML
	if i := strings.Index(page, "<body"); i >= 0 {
		if end := strings.IndexByte(page[i:], '>'); end >= 0 {
			page = page[:i+end+1] + mark + page[i+end+1:]
		}
	}
	id := links.NewID()
	_, domain, _ := strings.Cut(p.clinic.From.Email, "@")
	return notifier.Mail{
		ID: id, Attempt: 1, Lane: notifier.Safety, MessageID: id + "@" + domain, Date: p.now,
		From: notifier.Address(p.clinic.From), ReplyTo: notifier.Address(p.clinic.ReplyTo), To: notifier.Address{Name: to.Name, Email: to.Email},
		Subject: "[Test] " + m.Subject, Text: words + "\n\n" + strings.Repeat("-", 40) + "\n\n" + m.Text, HTML: page,
		Origin: notifier.Origin{Clinic: p.clinic.ID, Version: p.clinic.Version, Language: m.Language},
	}
}

// ErrNoMail says that a test needs the name of one mail.
var ErrNoMail = errors.New("name the mail to send, such as `mooring preview A --send-to amara` or `mooring preview escalation --send-to amara`")
