package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/web"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/runner"
)

// The pages of commands, beside those of package web.
const (
	pageTerminal web.Page = "terminal" // mooring client show
	pageExport   web.Page = "export"   // mooring audit export
)

// AccessRow is one look at a client's data.
type AccessRow struct {
	At     time.Time `json:"at"`
	Clinic string    `json:"clinic"`
	Client string    `json:"client"` // the key
	// Who is a directory id, "operator" for whoever signed in with a link from the
	// terminal, empty for somebody at a terminal who gave none.
	Who      string `json:"who,omitempty"`
	WhoWords string `json:"who_words"`
	Page     string `json:"page"`
	Words    string `json:"page_words"`
	Target   string `json:"target,omitempty"`
}

// AccessQuery says which looks to list.
type AccessQuery struct {
	Clinic string
	EHR    string // of one client, "" for all
	Person string // of one person, "" for all
	Since  time.Time
}

// Access lists looks, oldest first.
func (o *Operator) Access(ctx context.Context, q AccessQuery) ([]AccessRow, error) {
	ref := runner.Ref{Clinic: q.Clinic}
	if q.EHR != "" {
		ref = o.ref(q.Clinic, q.EHR)
		if _, err := o.clientState(ctx, ref); errors.Is(err, errNoClient) {
			return nil, ErrUnknownClient
		} else if err != nil {
			return nil, err
		}
	}
	out := []AccessRow{}
	err := o.store.Accesses(ctx, ref, func(ref runner.Ref, a jetstream.Access) error {
		if (q.Person == "" || a.Who == q.Person) && !a.At.Before(q.Since) {
			out = append(out, o.accessRow(ref, a))
		}
		return nil
	})
	return out, err
}

func (r *reader) accessRow(ref runner.Ref, a jetstream.Access) AccessRow {
	return AccessRow{
		At: a.At, Clinic: ref.Clinic, Client: ref.Key, Who: a.Who, WhoWords: r.whoLooked(ref.Clinic, a),
		Page: a.Page, Words: pageWords(web.Page(a.Page)), Target: a.Target,
	}
}

// operatorID is whom a sign-in link from the terminal is made for.
const operatorID = "operator"

// whoLooked names who looked, as far as it is known.
func (r *reader) whoLooked(clinicID string, a jetstream.Access) string {
	terminal := a.Page == string(pageTerminal) || a.Page == string(pageExport)
	switch {
	case a.Who == "":
		return "an operator at a terminal"
	case terminal:
		return r.personName(clinicID, a.Who) + ", by --by at a terminal"
	case a.Who == operatorID:
		return "whoever used the operator's sign-in link"
	}
	return r.personName(clinicID, a.Who)
}

// pageWords names a page. Every page has words (TestEveryPageHasWords).
func pageWords(p web.Page) string {
	switch p {
	case web.PageEscalation:
		return "the page of a question"
	case web.PageTask:
		return "the page of a task"
	case web.PageNote:
		return "the page of a note to staff"
	case web.PageClient:
		return "the client's page"
	case web.PageList:
		return "the list of the first page"
	case web.PageMail:
		return "a mail"
	case web.PageMails:
		return "the list of mails"
	case pageTerminal:
		return "mooring client show"
	case pageExport:
		return "mooring audit export"
	}
	return string(p)
}

// Looked writes down that somebody at a terminal looks at a client. by is a
// directory id or empty; nobody has checked it.
func (o *Operator) Looked(ctx context.Context, clinicID, ehrID, by string) error {
	return o.looked(ctx, o.ref(clinicID, ehrID), by, pageTerminal, "")
}

func (o *Operator) looked(ctx context.Context, ref runner.Ref, by string, page web.Page, target string) error {
	return o.store.KeepAccess(ctx, ref, jetstream.Access{At: o.Now().UTC(), Who: by, Page: string(page), Target: target})
}

// CheckPerson refuses who is not in the clinic's directory, with a *DraftError.
func (o *Operator) CheckPerson(clinicID, by string) error {
	if by != "" && o.clinics.byID[clinicID].current.Staff.Person(by) == nil {
		return &DraftError{fmt.Sprintf("there is no person %q in the clinic %s; --by takes an id of clinic.yaml", by, clinicID)}
	}
	return nil
}

// Since reads how far back a command looks: a stretch such as 90d, a day of the
// clinic's calendar, or a time in RFC 3339; "" for all there is. The error is a
// *DraftError.
func (o *Operator) Since(clinicID, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := workflows.ParseDuration(text); err == nil && d > 0 {
		return o.Now().Add(-d), nil
	}
	zone := time.UTC
	if clinicID != "" {
		zone = o.zone(clinicID)
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.Time{}, &DraftError{fmt.Sprintf("--since takes a stretch such as 90d, a day such as 2026-03-09 or a time in RFC 3339; %q is none", text)}
}

// WriteAccess writes looks for people, in the clinic's zone.
func (o *Operator) WriteAccess(w io.Writer, clinicID string, rows []AccessRow) error {
	zone := o.zone(clinicID)
	var b strings.Builder
	if len(rows) == 0 {
		b.WriteString("Nobody looked, as far as is written down.\n")
	} else {
		fmt.Fprintf(&b, "%s, times in %s.\n", counted(len(rows), "look", "looks"), zone)
	}
	table := make([][]string, 0, len(rows))
	for _, r := range rows {
		about := ""
		if r.Target != "" {
			about = r.Target
		}
		table = append(table, []string{r.At.In(zone).Format(storyTime), r.Client, r.WhoWords, r.Words, about})
	}
	columns(&b, table)
	_, err := io.WriteString(w, b.String())
	return err
}
