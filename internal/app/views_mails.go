package app

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mailbox"
	"github.com/mooring-care/mooring/workflows/escalation"
)

// mailOf is the newest mail in the mailbox that asks about the escalation.
func (v *views) mailOf(e *escalation.Escalation) string {
	if v.a.mailbox == nil {
		return ""
	}
	entries, err := v.a.mailbox.List(mailsShown)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		if slices.ContainsFunc(e.Asks, func(a escalation.Ask) bool { return !a.Inform && a.Message == entry.MessageID }) {
			return entry.Name
		}
	}
	return ""
}

// mailsShown is how far back the mailbox is searched for a link.
const mailsShown = 500

// mailFiles finds mails in the mailbox by message id.
func (v *views) mailFiles() map[string]string {
	out := map[string]string{}
	if v.a.mailbox == nil {
		return out
	}
	entries, err := v.a.mailbox.List(mailsShown)
	if err != nil {
		return out
	}
	for _, e := range entries {
		if _, ok := out[e.MessageID]; !ok {
			out[e.MessageID] = e.Name
		}
	}
	return out
}

// mails shows the mailbox's folder.
type mails struct{ box *mailbox.Mailbox }

// List is the newest mails.
func (m *mails) List(_ context.Context, limit int) ([]web.MailRow, error) {
	if m.box == nil {
		return nil, nil
	}
	entries, err := m.box.List(limit)
	if err != nil {
		return nil, err
	}
	out := make([]web.MailRow, 0, len(entries))
	for _, e := range entries {
		row, _, err := m.read(e.Name)
		if err != nil {
			continue // a crash left a name without a mail
		}
		row.Attempt = e.Attempt
		out = append(out, row)
	}
	return out, nil
}

func (m *mails) read(name string) (web.MailRow, mailbox.Parsed, error) {
	p, err := m.box.Read(name)
	if err != nil {
		return web.MailRow{}, p, err
	}
	entry, _ := mailbox.ParseName(name)
	row := web.MailRow{Name: name, Message: entry.MessageID, To: p.To.Email, Subject: p.Subject, At: p.Date, Safety: true}
	for _, h := range p.Headers {
		if strings.EqualFold(h.Name, "List-Unsubscribe") {
			row.Safety = false
		}
	}
	// A link to a new address has no such header; mail to clients names nobody.
	row.Safety = row.Safety && p.To.Name != ""
	return row, p, nil
}

// Read is one mail as its recipient sees it.
func (m *mails) Read(_ context.Context, name string) (web.MailView, error) {
	if m.box == nil {
		return web.MailView{}, web.ErrUnknown
	}
	row, p, err := m.read(name)
	if errors.Is(err, mailbox.ErrName) || errors.Is(err, fs.ErrNotExist) {
		return web.MailView{}, web.ErrUnknown
	}
	if err != nil {
		return web.MailView{}, err
	}
	view := web.MailView{MailRow: row, From: addressWords(p.From), ReplyTo: addressWords(p.ReplyTo), Text: p.Text, HTML: p.HTML}
	for _, h := range p.Headers {
		view.Headers = append(view.Headers, web.Fact{Label: h.Name, Text: h.Value})
	}
	return view, nil
}

func addressWords(a notifier.Address) string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name + " <" + a.Email + ">"
}
