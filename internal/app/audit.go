package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/workflows/runner"
)

// AuditCheck is what `mooring audit verify` found. Its JSON is described in
// docs/audit.md; an earlier one shows a later run what stood there then.
type AuditCheck struct {
	Clinic  string `json:"clinic,omitempty"` // "" for all
	Clients int    `json:"clients"`
	Entries int    `json:"entries"`
	Looks   int    `json:"looks"` // entries of ACCESS
	// Waiting counts decisions that are not copied yet.
	Waiting int          `json:"waiting"`
	Wrong   []AuditWrong `json:"wrong"`
	Ends    []AuditEnd   `json:"ends"`

	running bool
}

// AuditWrong is one thing that is wrong. It names the client by key alone.
type AuditWrong struct {
	Clinic   string `json:"clinic"`
	Client   string `json:"client"`
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence,omitempty"`
	// Decision is the sequence in CLIENTS of the decision, where it is known.
	Decision uint64 `json:"decision,omitempty"`
	Wrong    string `json:"wrong"`
	Text     string `json:"text"`
	Do       string `json:"do"`
}

// AuditEnd is the end of one client's chain.
type AuditEnd struct {
	Stream   string `json:"stream"`
	Clinic   string `json:"clinic"`
	Client   string `json:"client"`
	Sequence uint64 `json:"sequence"`
	Decision uint64 `json:"decision,omitempty"`
	Hash     string `json:"hash"`
}

// VerifyAudit walks AUDIT and ACCESS, of one clinic or with "" of all. earlier may be nil.
func (o *Operator) VerifyAudit(ctx context.Context, clinicID string, earlier *AuditCheck) (*AuditCheck, error) {
	c := &AuditCheck{Clinic: clinicID, Wrong: []AuditWrong{}, Ends: []AuditEnd{}, running: o.Running()}
	for _, one := range []struct {
		stream string
		verify func(context.Context, string, map[runner.Ref]jetstream.ChainEnd) (jetstream.Verified, error)
	}{
		{"AUDIT", o.store.Verify},
		{"ACCESS", o.store.VerifyAccess},
	} {
		v, err := one.verify(ctx, clinicID, earlier.ends(one.stream))
		if err != nil {
			return nil, err
		}
		for _, f := range v.Findings {
			c.Wrong = append(c.Wrong, auditWrong(one.stream, f))
		}
		for ref, e := range v.Ends {
			if e.Sequence > 0 {
				c.Ends = append(c.Ends, AuditEnd{one.stream, ref.Clinic, ref.Key, e.Sequence, e.Record, e.Hash})
			}
		}
		if one.stream == "ACCESS" {
			c.Looks = v.Entries
			continue
		}
		c.Clients, c.Entries, c.Waiting = v.Clients, v.Entries, v.Waiting
	}
	slices.SortFunc(c.Ends, func(a, b AuditEnd) int {
		return strings.Compare(a.Stream+"."+a.Clinic+"."+a.Client, b.Stream+"."+b.Clinic+"."+b.Client)
	})
	return c, nil
}

// ends are the ends of a stream's chains; nil for no check.
func (c *AuditCheck) ends(stream string) map[runner.Ref]jetstream.ChainEnd {
	if c == nil {
		return nil
	}
	out := map[runner.Ref]jetstream.ChainEnd{}
	for _, e := range c.Ends {
		if e.Stream == stream {
			out[runner.Ref{Clinic: e.Clinic, Key: e.Client}] = jetstream.ChainEnd{Sequence: e.Sequence, Record: e.Decision, Hash: e.Hash}
		}
	}
	return out
}

func auditWrong(stream string, f jetstream.Finding) AuditWrong {
	return AuditWrong{f.Ref.Clinic, f.Ref.Key, stream, f.Sequence, f.Record, string(f.Wrong), f.Text, auditDo(f.Wrong)}
}

// auditDo says what to do about something wrong.
func auditDo(w jetstream.Wrong) string {
	const who = " Nobody but Mooring writes there: find out who could reach the store, and change its passwords."
	switch w {
	case jetstream.WrongMissing:
		return "Take the entry from your last backup of the data, and keep the store as it is until somebody has looked." + who
	case jetstream.WrongInserted:
		return "Do not believe the entry; compare with your last backup of the data." + who
	}
	return "Compare the entry with the same one in your last backup of the data, which has it as it was." + who
}

// WriteText writes the check for people.
func (c *AuditCheck) WriteText(w io.Writer) error {
	var b strings.Builder
	of := "all clinics"
	if c.Clinic != "" {
		of = c.Clinic
	}
	fmt.Fprintf(&b, "AUDIT of %s: %s of %s. ACCESS: %s.\n", of,
		counted(c.Entries, "entry", "entries"), counted(c.Clients, "client", "clients"), counted(c.Looks, "look", "looks"))
	if c.Waiting > 0 {
		fmt.Fprintf(&b, "%s not copied yet", counted(c.Waiting, "decision is", "decisions are"))
		if c.running {
			b.WriteString(", which Mooring is about to do; where this stays, look at mooring_consumer_lag.\n")
		} else {
			b.WriteString(": Mooring is stopped, and copies what is left at its next start.\n")
		}
	}
	if len(c.Wrong) == 0 {
		b.WriteString("Every chain is whole: nothing was changed, taken out, moved or put in.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	for i, x := range c.Wrong {
		entry := "no entry"
		if x.Sequence > 0 {
			entry = "entry " + strconv.FormatUint(x.Sequence, 10)
		}
		fmt.Fprintf(&b, "\n%s, client %s, %s of %s: %s\n  %s.\n", x.Clinic, x.Client, entry, x.Stream, x.Wrong, x.Text)
		if i == len(c.Wrong)-1 || c.Wrong[i+1].Wrong != x.Wrong {
			fmt.Fprintf(&b, "  %s\n", x.Do)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counted is a number with its noun.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + more
}
