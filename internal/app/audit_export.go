package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

// EscalationExportVersion is the version of EscalationExport's JSON. Fields are added
// without a new one.
const EscalationExportVersion = 1

// EscalationExport is one escalation from its cause to its outcome, as AUDIT and the
// ledger tell it. It names staff, and the client by key alone. Its JSON is described
// in docs/audit.md.
type EscalationExport struct {
	Version int         `json:"version"`
	Now     time.Time   `json:"now"`
	Clinic  StoryClinic `json:"clinic"`
	Client  string      `json:"client"`
	ID      string      `json:"id"`
	Policy  string      `json:"policy"`
	// Rungs is how many the policy has, 0 where an earlier version wrote the record.
	Rungs     int      `json:"rungs,omitempty"`
	Questions []string `json:"questions"`
	Words     []string `json:"question_words"`

	Opened       time.Time `json:"opened"`
	Accepted     time.Time `json:"accepted_at,omitzero"`
	Acknowledged time.Time `json:"acknowledged_at,omitzero"`
	AckRung      int       `json:"acknowledged_on,omitempty"`
	Closed       time.Time `json:"closed_at,omitzero"`
	Open         bool      `json:"open"`

	Moments []ExportMoment `json:"moments"`
	Looks   []AccessRow    `json:"looks"`
	Chain   ExportChain    `json:"chain"`

	zone *time.Location
}

// ExportMoment is one thing that happened to it.
type ExportMoment struct {
	At time.Time `json:"at"`
	// Reason is a decision's or, for a word of the ledger, the status.
	Reason  string    `json:"reason"`
	Words   string    `json:"words"`
	Person  string    `json:"person,omitempty"`
	Rung    int       `json:"rung,omitempty"`
	Message string    `json:"message,omitempty"`
	Attempt int       `json:"attempt,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// ExportChain says where the client's chain in AUDIT ends, and whether it is whole.
type ExportChain struct {
	Entries  int          `json:"entries"`
	Sequence uint64       `json:"sequence"`
	Hash     string       `json:"hash"`
	Whole    bool         `json:"whole"`
	Waiting  int          `json:"waiting"`
	Wrong    []AuditWrong `json:"wrong"`
}

// ErrUnknownEscalation says that no decision speaks of an escalation.
var ErrUnknownEscalation = errors.New("no decision speaks of this escalation")

// ExportEscalation tells the story of an escalation, by its id. by says who looks,
// as for Looked; that it could not be written down is told by unwritten.
func (o *Operator) ExportEscalation(ctx context.Context, clinicID, id, by string) (x *EscalationExport, unwritten, err error) {
	if !events.ValidToken(id) {
		return nil, nil, ErrUnknownEscalation
	}
	ref, ok, err := o.store.ClientDecided(ctx, clinicID, id)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, ErrUnknownEscalation
	}
	if x, err = o.export(ctx, ref, id); err != nil {
		return nil, nil, err
	}
	return x, o.looked(ctx, ref, by, pageExport, id), nil
}

func (o *Operator) export(ctx context.Context, ref runner.Ref, id string) (*EscalationExport, error) {
	records, err := o.store.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	past := newPastEscalations()
	t := exportTeller{o: o, ref: ref, id: id, past: past}
	for _, record := range records {
		d, err := runner.ReadEntry(record)
		if err != nil {
			return nil, err
		}
		past.take(ref, d)
		t.take(d)
	}
	e := past.byID[id]
	v, err := o.store.VerifyClient(ctx, ref)
	switch {
	case err != nil:
		return nil, err
	case e == nil && len(v.Findings) > 0:
		return nil, fmt.Errorf("the decision that opened it is not there, and the record of the client %s is not what Mooring wrote; mooring audit verify says more", ref.Key)
	case e == nil:
		return nil, ErrUnknownEscalation // a task's or a message's id
	}
	ledger, err := o.store.Deliveries(ctx, ref)
	if err != nil {
		return nil, err
	}
	for _, d := range ledger {
		t.ledger(d)
	}
	slices.SortStableFunc(t.out, func(a, b ExportMoment) int { return a.At.Compare(b.At) })
	zone := o.zone(ref.Clinic)
	x := &EscalationExport{
		Version: EscalationExportVersion, Now: o.Now(), zone: zone,
		Clinic: StoryClinic{ID: ref.Clinic, Name: o.clinics.byID[ref.Clinic].current.Name, Zone: zone.String()},
		Client: ref.Key, ID: id, Policy: e.policyName(), Rungs: e.rungs, Questions: e.questions, Words: []string{},
		Opened: e.opened, Accepted: e.accepted, Acknowledged: e.acknowledged, AckRung: e.ackRung, Closed: e.closed, Open: e.open,
		Moments: t.out, Looks: []AccessRow{},
	}
	for _, q := range e.questions {
		x.Words = append(x.Words, questionWords(q))
	}
	err = o.store.Accesses(ctx, ref, func(ref runner.Ref, a jetstream.Access) error {
		if a.Target == id {
			x.Looks = append(x.Looks, o.accessRow(ref, a))
		}
		return nil
	})
	if err != nil && !errors.Is(err, jetstream.ErrNoAccess) {
		return nil, err
	}
	end := v.Ends[ref]
	x.Chain = ExportChain{v.Entries, end.Sequence, end.Hash, len(v.Findings) == 0, v.Waiting, []AuditWrong{}}
	for _, f := range v.Findings {
		x.Chain.Wrong = append(x.Chain.Wrong, auditWrong("AUDIT", f))
	}
	return x, nil
}

// exportTeller puts what decisions and the ledger say about one escalation in order.
type exportTeller struct {
	o    *Operator
	ref  runner.Ref
	id   string
	past *pastEscalations
	out  []ExportMoment
}

func (t *exportTeller) name(person string) string { return t.o.personName(t.ref.Clinic, person) }

// take takes a decision in that past has taken.
func (t *exportTeller) take(d runner.Entry) {
	e := t.past.byID[t.id]
	for _, n := range d.Notes {
		if n.What != workflows.WhatEscalation || n.Subject != t.id || escalation.Reason(n.Reason) == escalation.MailAccepted {
			continue // the ledger tells of mails
		}
		t.note(d, n, e)
	}
	for _, f := range d.Effects {
		if f.Enqueue == nil || f.Enqueue.Message.Target != t.id || !strings.HasPrefix(f.Enqueue.Message.Template, askTemplate) {
			continue
		}
		m := f.Enqueue.Message
		words := "Mail to " + t.name(m.Person) + ": " + templateWords(m.Template)
		x := ExportMoment{At: d.Decided, Reason: m.Template, Person: m.Person, Message: f.Enqueue.ID}
		if m.Template == askTemplate && e != nil {
			x.Rung = e.rung
			words = fmt.Sprintf("Rung %d: %s is asked by mail", e.rung, t.name(m.Person))
		}
		x.Words = words
		t.out = append(t.out, x)
	}
}

func (t *exportTeller) note(d runner.Entry, n workflows.Note, e *pastEscalation) {
	x := ExportMoment{At: d.Decided, Reason: string(n.Reason), Person: n.Person, Until: n.Until}
	if e != nil {
		x.Rung = e.rung
	}
	if n.Reason == workflows.SafetyQuestion {
		x.Words = eventWords(d.Kind) + ", so a person must answer: " + questionWords(n.Detail)
		if late := d.Decided.Sub(d.Time); late > time.Minute {
			x.Words += " (it happened on " + d.Time.In(t.o.zone(t.ref.Clinic)).Format(storyTime) + ")"
		}
		x.Person = ""
		t.out = append(t.out, x)
		return
	}
	by := ""
	if d.Act != nil {
		by = d.Act.By
	}
	switch reason := escalation.Reason(n.Reason); reason {
	case escalation.Opened, escalation.Joined, escalation.HoldEnds:
		x.Words = strings.TrimSuffix(n.Reason.Words(), ".")
	case escalation.Acknowledged:
		// The note names who had it before, where an older hold had run out.
		if i := slices.IndexFunc(d.Escalations, func(s runner.Standing) bool { return s.ID == t.id }); i >= 0 {
			x.Person = d.Escalations[i].Owner
		}
		x.Words = t.name(x.Person) + " takes the question"
		if d.Act != nil && d.Act.For != "" {
			x.Words += ", for " + t.name(d.Act.For)
		}
	case escalation.PassedOn, escalation.NobodyElse:
		x.Words = "The question is with " + t.name(n.Person) + ": " + clause(n.Reason.Words())
		if by != "" {
			x.Person = by
			x.Words = t.name(by) + " passes the question on: it is with " + t.name(n.Person)
			if why := choiceWords(events.Declines(), d.Act.Why); why != "" {
				x.Words = t.name(by) + " passes the question on (“" + why + "”): it is with " + t.name(n.Person)
			}
		}
	case escalation.AttemptRecorded:
		x.Words = strings.TrimSuffix(n.Reason.Words(), ".")
		if by != "" {
			x.Person = by
			x.Words = t.name(by) + " tried to reach the client" + howWords(d.Act.How)
		}
	case escalation.Reopened:
		x.Words = "The question is opened again, and its people are asked anew"
		if by != "" {
			x.Person = by
			x.Words = t.name(by) + " opens the question again, and its people are asked anew"
		}
	case escalation.Closed:
		x.Words = escalationWords(n, t.name(n.Person))
	case escalation.AlreadyAcknowledged, escalation.AlreadyClosed, escalation.NotAsked:
		x.Words = clause(n.Reason.Words())
		if by != "" {
			x.Person = by
			x.Words = t.name(by) + " pressed too: " + x.Words
		}
	default:
		x.Words = escalationWords(n, t.name(n.Person)) + ": " + clause(n.Reason.Words())
	}
	t.out = append(t.out, x)
}

// howWords says how somebody tried to reach the client.
func howWords(how string) string {
	switch how {
	case "phone":
		return " by phone"
	case "text":
		return " by text message"
	case "visit":
		return " by a visit"
	}
	return ""
}

// ledger takes in what became of a mail.
func (t *exportTeller) ledger(d jetstream.Delivery) {
	a := t.past.asks[d.MessageID]
	if a == nil || a.e.id != t.id || d.Entry.Status == notifier.Claimed {
		return
	}
	words := "Mail to " + t.name(a.mail.Person) + ": " + statusWords(d.Entry.Status)
	if why := workflows.Reason(d.Entry.Detail).Words(); why != d.Entry.Detail {
		words += " (" + clause(why) + ")"
	} else if d.Entry.Detail != "" {
		words += " (" + d.Entry.Detail + ")"
	}
	x := ExportMoment{
		At: d.Entry.At, Reason: string(d.Entry.Status), Words: words, Person: a.mail.Person,
		Message: d.MessageID, Attempt: d.Entry.Attempt,
	}
	if a.asks {
		x.Rung = a.rung
	}
	t.out = append(t.out, x)
}

// WriteText writes the story for people, in the clinic's zone.
func (x *EscalationExport) WriteText(w io.Writer) error {
	var b strings.Builder
	at := func(t time.Time) string { return t.In(x.zone).Format(storyTime) }
	fmt.Fprintf(&b, "%s\n", strings.Join(x.Words, "; "))
	fmt.Fprintf(&b, "Question %s of client %s, %s (%s).\n", x.ID, x.Client, x.Clinic.Name, x.Clinic.ID)
	fmt.Fprintf(&b, "Policy %s", x.Policy)
	if x.Rungs > 0 {
		fmt.Fprintf(&b, ", %s", counted(x.Rungs, "rung", "rungs"))
	}
	fmt.Fprintf(&b, ". It is %s, %s.\n", at(x.Now), x.Clinic.Zone)

	heading(&b, "What happened", len(x.Moments), "nothing")
	for _, m := range x.Moments {
		fmt.Fprintf(&b, "  %-*s  %s", storyTimeWidth, at(m.At), m.Words)
		if !m.Until.IsZero() {
			fmt.Fprintf(&b, " (until %s)", at(m.Until))
		}
		b.WriteString("\n")
	}

	heading(&b, "How long it took", 1, "")
	took := func(label string, from, to time.Time) {
		words := "not yet"
		if !from.IsZero() && !to.IsZero() {
			words = seconds(max(to.Sub(from), 0).Seconds())
		}
		fmt.Fprintf(&b, "  %-*s  %s\n", storyTimeWidth, label, words)
	}
	took("opened to first mail", x.Opened, x.Accepted)
	took("opened to taken", x.Opened, x.Acknowledged)
	took("taken to outcome", x.Acknowledged, x.Closed)
	if x.Open {
		b.WriteString("  It is open.\n")
	}

	heading(&b, "Who looked at it", len(x.Looks), "nobody, as far as is written down")
	for _, l := range x.Looks {
		fmt.Fprintf(&b, "  %-*s  %s: %s\n", storyTimeWidth, at(l.At), l.WhoWords, l.Words)
	}

	heading(&b, "The record", 1, "")
	fmt.Fprintf(&b, "  AUDIT has %s of this client. The last is %d, and its hash is\n  %s\n",
		counted(x.Chain.Entries, "entry", "entries"), x.Chain.Sequence, x.Chain.Hash)
	if x.Chain.Waiting > 0 {
		fmt.Fprintf(&b, "  %s not copied there yet.\n", counted(x.Chain.Waiting, "decision is", "decisions are"))
	}
	if x.Chain.Whole {
		b.WriteString("  The chain is whole: nothing was changed, taken out, moved or put in.\n")
	}
	for _, f := range x.Chain.Wrong {
		fmt.Fprintf(&b, "  NOT AS IT WAS WRITTEN: %s at %d: %s.\n", f.Wrong, f.Sequence, f.Text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
