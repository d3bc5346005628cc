package app

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/scenario"
)

// BacktestChange is one mail, task, escalation or message kept back by the cap, with
// the clinic as it is, with the draft, or with both.
type BacktestChange struct {
	Client int    `json:"client"`
	Line   int    `json:"line"`
	EHR    string `json:"ehr,omitempty"`
	// How is what is different: added, removed, moved, reworded; empty where it is the
	// same.
	How       []scenario.How  `json:"how"`
	AsItIs    *scenario.Doing `json:"as_it_is"`
	WithDraft *scenario.Doing `json:"with_draft"`
	// Because is what the side without it decided instead; nil where it says nothing
	// of that workflow.
	Because *scenario.Line `json:"because,omitempty"`
}

// ReasonCount is how often something differs for one reason.
type ReasonCount struct {
	What     scenario.Sort `json:"what"`
	Workflow string        `json:"workflow"`
	// About is the mail's family, or what a task or escalation asks; of what is
	// reworded both, as "A → B".
	About string `json:"about"`
	// How is added, removed, moved or reworded; "moved, reworded" is both.
	How   string `json:"how"`
	Count int    `json:"count"`
	// Clients are how many it is about, and Example is the first of them.
	Clients int `json:"clients"`
	Example int `json:"example"`
	// AsItIs and WithDraft are the reasons in words; of what is moved the latter says by
	// how much.
	AsItIs    string `json:"as_it_is"`
	WithDraft string `json:"with_draft"`
}

// saysNothing stands where a side has no word on it.
const saysNothing = "it does not come up"

// why are the reasons of a change in words, for either side.
func (c *BacktestChange) why() (asItIs, withDraft string) {
	instead := saysNothing
	if c.Because != nil {
		instead = c.Because.Words
	}
	switch {
	case c.AsItIs == nil:
		return instead, c.WithDraft.Words
	case c.WithDraft == nil:
		return c.AsItIs.Words, instead
	}
	return waited(c.AsItIs), waited(c.WithDraft) + moved(c.WithDraft.At.Sub(c.AsItIs.At))
}

// moved says by how much something comes sooner or later, to the hour, or to the day
// where it is days; "" for less than a minute.
func moved(by time.Duration) string {
	unit := time.Minute
	switch abs := by.Abs(); {
	case abs >= 3*24*time.Hour:
		unit = 24 * time.Hour
	case abs >= time.Hour:
		unit = time.Hour
	}
	switch by = by.Round(unit); {
	case by < 0:
		return ", " + workflows.SpanWords(-by) + " sooner"
	case by > 0:
		return ", " + workflows.SpanWords(by) + " later"
	}
	return ""
}

// waited is why something came when it did.
func waited(d *scenario.Doing) string {
	if d.Waited == "" {
		return d.Words
	}
	return d.Waited.Words()
}

// about is a mail's family with its wording, or what is asked; both where they differ.
func (c *BacktestChange) about() string {
	said := func(d *scenario.Doing) string {
		if d.Wording == "" {
			return d.About
		}
		return d.About + "." + d.Wording
	}
	if c.AsItIs == nil || c.WithDraft == nil {
		return said(c.one())
	}
	return change(said(c.AsItIs), said(c.WithDraft))
}

// title says what a change is about.
func (c *BacktestChange) title() string {
	return (&scenario.Doing{What: c.one().What, Workflow: c.one().Workflow, About: c.about()}).String()
}

func (c *BacktestChange) how() string {
	words := make([]string, len(c.How))
	for i, h := range c.How {
		words[i] = string(h)
	}
	return strings.Join(words, ", ")
}

func (c *BacktestChange) one() *scenario.Doing {
	if c.AsItIs != nil {
		return c.AsItIs
	}
	return c.WithDraft
}

// reasonsOf counts what differs, the most frequent first.
func reasonsOf(changes []BacktestChange) []ReasonCount {
	counts := map[ReasonCount]*ReasonCount{}
	last := map[ReasonCount]int{}
	for i := range changes {
		c := &changes[i]
		if len(c.How) == 0 {
			continue
		}
		d := c.one()
		key := ReasonCount{What: d.What, Workflow: d.Workflow, About: c.about(), How: c.how()}
		key.AsItIs, key.WithDraft = c.why()
		of := counts[key]
		if of == nil {
			fresh := key
			fresh.Example = c.Client
			of = &fresh
			counts[key] = of
		}
		of.Count++
		if last[key] != c.Client {
			last[key] = c.Client
			of.Clients++
		}
	}
	out := []ReasonCount{}
	for _, of := range slices.SortedFunc(maps.Values(counts), func(a, b *ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.What, b.What), cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.About, b.About),
			cmp.Compare(a.How, b.How), cmp.Compare(a.AsItIs, b.AsItIs), cmp.Compare(a.WithDraft, b.WithDraft))
	}) {
		out = append(out, *of)
	}
	return out
}
