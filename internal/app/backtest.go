package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/mooring-care/mooring/workflows/scenario"
)

// backtestAfter is how long after the last event a backtest goes on.
const backtestAfter = 60 * 24 * time.Hour

// aheadMost is how far ahead of the clock here a sender's may run.
const aheadMost = 24 * time.Hour

// Where a past comes from.
const (
	sourceFile    = "file"
	sourceStreams = "streams"
)

// ErrUntil says that a backtest was to end at no time, or before its last event.
var ErrUntil = errors.New("the end of a backtest must be a time such as 2026-11-02T15:04:05Z or a day such as 2026-11-02, and not before its last event")

// BacktestOptions say what is tried on which past.
type BacktestOptions struct {
	// Draft is a clinic's folder, or a workflow by its file or its name.
	Draft string
	// Events is a file of events; empty for what the streams keep.
	Events string
	// ClinicDir is the folder of the clinic as it is. Empty: for a workflow with a
	// file of events the folder around it, or else the embedded sample; in all other
	// cases the version that Mooring has in force.
	ClinicDir string
	// Clinic is the clinic's id where Mooring has several.
	Clinic string
	// Until is the end, in RFC 3339 or as a day by the clinic's calendar; empty means
	// 60 days after the last event.
	Until string
	// All keeps every mail, task and escalation, and not only those that differ. IDs
	// names clients by the EHR's id; it needs Events.
	All, IDs bool
	// Hands is how many clients are decided on at a time; 0 means as many as there
	// are processors.
	Hands int
	// Open reaches Mooring where its streams or its version in force are needed.
	Open func(context.Context) (*Operator, error)
	// Progress hears how many events of how many are done, from one goroutine at a
	// time; nil where nobody wants to know.
	Progress func(done, of int)
}

// Backtest is what a clinic's past would have come to with a draft in place, in
// comparison with the clinic as it is. It names no client but by a number, unless the
// operator asked for the EHR's ids.
type Backtest struct {
	Clinic string `json:"clinic"`
	// Workflow is the one that is tried; empty where it is a whole folder.
	Workflow string `json:"workflow,omitempty"`
	// Source is where the past comes from, "file" or "streams".
	Source string `json:"source"`
	// Events and Clients are how many were read, First and Last the times of the
	// first and the last event, and Until where it ends.
	Events  int       `json:"events"`
	Clients int       `json:"clients"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Until   time.Time `json:"until"`

	AsItIs    scenario.Tally `json:"as_it_is"`
	WithDraft scenario.Tally `json:"with_draft"`
	// Reasons are the differences counted, by what they are and why; Changes are they
	// one by one, by client and time. With All what is the same stands among Changes.
	Reasons []ReasonCount    `json:"reasons"`
	Changes []BacktestChange `json:"changes"`
	// Differ are the clients for whom it is not the same.
	Differ []DifferentClient `json:"differ"`
	// Wordings are the files of wording that are not the same.
	Wordings []string `json:"wordings"`
	// Limits are what such a comparison cannot know, for people.
	Limits []string `json:"limits"`
	// Unread are the lines of the file that no event could be read from, and Skipped
	// is how many messages of the streams were no event that could be acted on.
	Unread  []UnreadLine `json:"unread"`
	Skipped int          `json:"skipped,omitempty"`

	zone *time.Location
	name string // of the clinic, for people
	all  bool   // among Changes stands what is the same
}

// DifferentClient is where a client's timeline with the draft parts from the one
// without it.
type DifferentClient struct {
	// Client numbers the clients from 1 in the order in which they are first named,
	// and Line is the first line about this one; of streams, the number of the event.
	Client int `json:"client"`
	Line   int `json:"line"`
	// EHR is the EHR's id, where the operator asked for it.
	EHR string `json:"ehr,omitempty"`
	// AsItIs and WithDraft are the first entry that differs; nil where nothing
	// more happens.
	AsItIs    *scenario.Line `json:"as_it_is"`
	WithDraft *scenario.Line `json:"with_draft"`
}

// UnreadLine is a line of a file of events that cannot be read, and why.
type UnreadLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Problem string `json:"problem"`
}

// String is "file:line: problem".
func (u UnreadLine) String() string { return fmt.Sprintf("%s:%d: %s", u.File, u.Line, u.Problem) }

// RunBacktest decides past events twice: with the clinic as it is, and with a draft in
// place. Nothing is sent and no stream is changed. Lines that cannot be read are listed
// and left out.
//
// It fails with ErrUntil where the end is none, and with the context's error once that
// is over.
func RunBacktest(ctx context.Context, o BacktestOptions) (*Backtest, error) {
	t, err := openVersions(ctx, o)
	if err != nil {
		return nil, err
	}
	defer t.close()
	past, err := t.past(ctx, o)
	if err != nil {
		return nil, err
	}
	b := &Backtest{
		Clinic: t.id, Workflow: t.workflow, Source: sourceStreams, Events: past.events, Clients: past.Len(), First: past.first, Last: past.last,
		Differ: []DifferentClient{}, Wordings: t.wordings(), Limits: limits(o.Events == ""), Unread: past.unread, Skipped: past.skipped,
		zone: t.draft.Zone, name: t.draft.Name, all: o.All,
	}
	if o.Events != "" {
		b.Source = sourceFile
	}
	if b.Until, err = endOf(o.Until, past.last, b.zone); err != nil {
		return nil, err
	}
	hands := o.Hands
	if hands == 0 {
		hands = runtime.GOMAXPROCS(0)
	}
	compared, err := scenario.Compare(ctx, t.asItIs, t.draft, past, scenario.Options{
		Until: b.Until, Hands: hands, All: o.All, Done: counter(past.events, o.Progress),
	})
	if wrong, ok := errors.AsType[*scenario.ClientError](err); ok {
		where := fmt.Sprintf("the client of the event %d", past.clients[wrong.Client].line)
		if past.name != "" {
			where = fmt.Sprintf("%s:%d: the client whom this line is the first about", past.name, past.clients[wrong.Client].line)
		}
		return nil, fmt.Errorf("%s: %w", where, wrong.Err)
	}
	if err != nil {
		return nil, err
	}
	b.take(compared, past, o.IDs)
	return b, nil
}

// take puts a comparison into the report.
func (b *Backtest) take(from scenario.Comparison, past *pastEvents, ids bool) {
	b.AsItIs, b.WithDraft = from.Before, from.After
	ehr := map[int]string{}
	id := func(i int) string {
		if _, known := ehr[i]; ids && !known {
			ehr[i] = past.ehr(i)
		}
		return ehr[i]
	}
	for _, p := range from.Differ {
		b.Differ = append(b.Differ, DifferentClient{Client: p.Client + 1, Line: past.clients[p.Client].line, EHR: id(p.Client), AsItIs: p.Before, WithDraft: p.After})
	}
	b.Changes = make([]BacktestChange, 0, len(from.Changes))
	for _, c := range from.Changes {
		b.Changes = append(b.Changes, BacktestChange{
			Client: c.Client + 1, Line: past.clients[c.Client].line, EHR: id(c.Client),
			How: c.How, AsItIs: c.Before, WithDraft: c.After, Because: c.Because,
		})
	}
	b.Reasons = reasonsOf(b.Changes)
}

// limits are what no backtest can know, whatever it compares.
func limits(streams bool) []string {
	from := "Only what systems outside said is in the file. What staff noted, paused or answered inside Mooring is not."
	if streams {
		from = "The streams keep 90 days. What staff noted and paused and who asked for no more mail is taken from them; answers to a mail, a task or an escalation are not, since they are about what was sent then."
	}
	return []string{
		"A client who answers or books because of a mail cannot be known from the past. Everybody here does what they did then, whatever they would have got.",
		"Nobody answers a task or an escalation. Who is asked first is counted; that they would be asked again and again is not, and what a journey would do after an answer is not counted.",
		"Every mail counts as one that arrived. Addresses that bounced then are not known as such.",
		"Each client is new at the first event. What came before that is not known, and a few weeks pass until caps and earlier visits count as they would.",
		from,
	}
}

// endOf is when a backtest ends whose last event was at a time.
func endOf(until string, last time.Time, zone *time.Location) (time.Time, error) {
	if until == "" {
		return last.Add(backtestAfter), nil
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, until, zone)
	}
	if err != nil || at.Before(last) {
		return at, fmt.Errorf("%w: that was at %s, and the end is to be %q", ErrUntil, last.Format(time.RFC3339), until)
	}
	return at.UTC(), nil
}
