package app

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/scenario"
)

//go:embed backtest.html
var backtestPage string

// mostListed is how many reasons, and how many single differences, the page lists: a
// page is for people, and JSON has them all.
const mostListed = 200

// HTML writes a backtest as one page that loads nothing: no script, no picture and no
// font from elsewhere. It holds what the text does, and so no identifier of a client
// but the EHR's ids where the operator asked for them.
func (b *Backtest) HTML(w io.Writer) error {
	page, err := template.New("backtest").Parse(backtestPage)
	if err != nil {
		return fmt.Errorf("read the page of a backtest: %w", err)
	}
	if err := page.Execute(w, b.page()); err != nil {
		return fmt.Errorf("write the page of a backtest: %w", err)
	}
	return nil
}

// pageData is what the page shows, as text.
type pageData struct {
	Name, Clinic, Of       string
	First, Last, Until     string
	Zone, Place            string
	Events, Clients        int
	Skipped, Unread        int
	Headlines              []headline
	Charts                 []chart
	Workflows              []workflowRow
	Reasons                []differRow
	MoreReasons            int
	Changes                []changeRow
	MoreChanges, Differing int
	Wordings, Limits       []string
	IDs                    bool
}

// headline is one number on either side.
type headline struct{ What, AsItIs, WithDraft string }

// Same says whether both sides have it.
func (h headline) Same() bool { return h.AsItIs == h.WithDraft }

type workflowRow struct {
	Name  string
	Cells []string
}

type differRow struct {
	Title string
	ReasonCount
}

type changeRow struct{ Client, Place, What, How, AsItIs, WithDraft, WhyAsItIs, WhyWithDraft string }

func (b *Backtest) page() pageData {
	day := func(at time.Time) string { return at.In(b.zone).Format(dayText) }
	p := pageData{
		Name: b.name, Clinic: b.Clinic, Of: b.of(), First: day(b.First), Last: day(b.Last), Until: day(b.Until), Zone: b.zone.String(), Place: b.place(),
		Events: b.Events, Clients: b.Clients, Skipped: b.Skipped, Unread: len(b.Unread),
		Differing: len(b.Differ), Wordings: b.Wordings, Limits: b.Limits,
		IDs: slices.ContainsFunc(b.Differ, func(d DifferentClient) bool { return d.EHR != "" }),
	}
	was, is := &b.AsItIs, &b.WithDraft
	number := func(what string, a, b int) {
		p.Headlines = append(p.Headlines, headline{what, strconv.Itoa(a), strconv.Itoa(b)})
	}
	number("Mails to clients", was.Messages, is.Messages)
	number("Clients who get any", was.Reached, is.Reached)
	p.Headlines = append(p.Headlines, headline{"Mails to one client, at the median", decimal(was.Median), decimal(is.Median)})
	number("Mails to one client, at the most", was.Most, is.Most)
	number("Tasks", was.Tasks, is.Tasks)
	number("Escalations", was.Escalations, is.Escalations)
	number("Mails that the cap kept back", was.Capped, is.Capped)
	p.Charts = b.charts()
	for _, name := range b.names() {
		x, y := was.Find(name), is.Find(name)
		sent := func(w scenario.WorkflowTally) (n int) {
			for _, f := range w.Families {
				n += f.Messages
			}
			return n
		}
		row := workflowRow{Name: name, Cells: []string{
			both(x.Journeys, y.Journeys), both(sent(x), sent(y)), both(x.Tasks, y.Tasks), both(x.Escalations, y.Escalations), both(x.Capped, y.Capped),
		}}
		if name == "" {
			row.Name = "(no workflow)"
		}
		p.Workflows = append(p.Workflows, row)
	}
	for i := range b.Reasons {
		r := &b.Reasons[i]
		p.Reasons = append(p.Reasons, differRow{r.title(), *r})
	}
	p.Reasons, p.MoreReasons = first(p.Reasons)
	b.listed(&p)
	return p
}

// listed are the single differences.
func (b *Backtest) listed(p *pageData) {
	for i := range b.Changes {
		c := &b.Changes[i]
		if len(c.How) == 0 {
			continue
		}
		if len(p.Changes) == mostListed {
			p.MoreChanges++
			continue
		}
		row := changeRow{
			Client: called(c.Client, c.EHR), Place: strconv.Itoa(c.Line), What: c.title(), How: c.how(),
			AsItIs: b.came(c.AsItIs), WithDraft: b.came(c.WithDraft),
		}
		row.WhyAsItIs, row.WhyWithDraft = c.why()
		p.Changes = append(p.Changes, row)
	}
}

// first are as many as the page lists, and how many more there are.
func first[T any](all []T) ([]T, int) {
	n := min(len(all), mostListed)
	return all[:n], len(all) - n
}

// charts are the pictures, each with the numbers it is drawn from.
func (b *Backtest) charts() []chart {
	weeks := b.weeks()
	over := func(title, unit string, of func(scenario.WeekTally) int) chart {
		c := chart{ID: strings.ReplaceAll(strings.ToLower(title), " ", "-"), Title: title, Unit: unit, Axis: "week by its Monday"}
		was, is := weekly(b.AsItIs.Weeks), weekly(b.WithDraft.Weeks)
		for _, monday := range weeks {
			c.Bars = append(c.Bars, bar{Label: shortDay(monday), Long: monday, AsItIs: of(was[monday]), WithDraft: of(is[monday])})
		}
		return c.drawn()
	}
	return []chart{
		over("Mails by week", "mails", func(w scenario.WeekTally) int { return w.Messages }),
		b.spread(),
		over("Tasks by week", "tasks", func(w scenario.WeekTally) int { return w.Tasks }),
		over("Escalations by week", "escalations", func(w scenario.WeekTally) int { return w.Escalations }),
		over("Mails kept back by the cap by week", "mails", func(w scenario.WeekTally) int { return w.Capped }),
	}
}

// spread is how many clients got how many mails.
func (b *Backtest) spread() chart {
	c := chart{ID: "mails-per-client", Title: "Mails per client", Unit: "clients", Axis: "mails to one client"}
	count := func(of []scenario.SpreadTally, n int) int {
		for _, s := range of {
			if s.Messages == n {
				return s.Clients
			}
		}
		return 0
	}
	for n := range max(b.AsItIs.Most, b.WithDraft.Most) + 1 {
		c.Bars = append(c.Bars, bar{Label: strconv.Itoa(n), Long: strconv.Itoa(n), AsItIs: count(b.AsItIs.Spread, n), WithDraft: count(b.WithDraft.Spread, n)})
	}
	return c.drawn()
}

// weeks are the Mondays from the first week in which anything comes up to the last,
// without a gap.
func (b *Backtest) weeks() []string {
	all := slices.Concat(b.AsItIs.Weeks, b.WithDraft.Weeks)
	if len(all) == 0 {
		return nil
	}
	earlier := func(a, b scenario.WeekTally) int { return strings.Compare(a.Monday, b.Monday) }
	last := slices.MaxFunc(all, earlier).Monday
	var out []string
	for monday := slices.MinFunc(all, earlier).Monday; monday <= last; {
		out = append(out, monday)
		day, err := time.Parse(time.DateOnly, monday)
		if err != nil {
			return out // the tally writes days
		}
		monday = day.AddDate(0, 0, 7).Format(time.DateOnly)
	}
	return out
}

func weekly(of []scenario.WeekTally) map[string]scenario.WeekTally {
	out := map[string]scenario.WeekTally{}
	for _, w := range of {
		out[w.Monday] = w
	}
	return out
}

// shortDay is a day as it fits below a bar.
func shortDay(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return at.Format("2 Jan")
}
