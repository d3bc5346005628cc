package app

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mooring-care/mooring/workflows/scenario"
)

// mostDiffer is how many clients the text names; JSON has them all.
const mostDiffer = 10

// mostReasons is how many reasons the text lists; JSON has them all.
const mostReasons = 20

const (
	dayText  = "2 Jan 2006"
	timeText = "Mon 2 Jan 2006 15:04 MST"
)

// Text writes a backtest as people read it: one number where it is the same with
// the draft, else both.
func (b *Backtest) Text(w io.Writer) error {
	day := func(at time.Time) string { return at.In(b.zone).Format(dayText) }
	fmt.Fprintf(w, "%d events of %d clients of %s, from %s to %s, decided until %s, without and with the draft%s.\n\n",
		b.Events, b.Clients, b.Clinic, day(b.First), day(b.Last), day(b.Until), b.of())
	if b.Skipped > 0 {
		fmt.Fprintf(w, "%d messages of the streams were no event that could be acted on, and are left out.\n\n", b.Skipped)
	}
	if err := b.families(w); err != nil {
		return err
	}
	if err := b.shares(w); err != nil {
		return err
	}
	was, is := b.AsItIs, b.WithDraft
	fmt.Fprintf(w, "\nIn all %s messages to %s clients: %s each at the median, %s at the most.\n",
		both(was.Messages, is.Messages), both(was.Reached, is.Reached), change(decimal(was.Median), decimal(is.Median)), both(was.Most, is.Most))
	if err := b.reasons(w); err != nil {
		return err
	}
	b.differing(w)
	if err := b.everything(w); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nWhat this cannot know:")
	for _, limit := range b.Limits {
		fmt.Fprintf(w, "- %s\n", limit)
	}
	return nil
}

// of names the workflow that is tried.
func (b *Backtest) of() string {
	if b.Workflow == "" {
		return ""
	}
	return " of " + b.Workflow
}

// reasons are what differs, counted by why.
func (b *Backtest) reasons(w io.Writer) error {
	if len(b.Wordings) > 0 {
		fmt.Fprintf(w, "\nThe words of these files are not the same: %s.\n", strings.Join(b.Wordings, ", "))
	}
	if len(b.Reasons) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "DIFFERENT\tHOW\tTIMES\tCLIENTS\tAS IT IS\tWITH DRAFT")
	for _, r := range b.Reasons[:min(len(b.Reasons), mostReasons)] {
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%s\t%s\n", r.title(), r.How, r.Count, r.Clients, r.AsItIs, r.WithDraft)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if more := len(b.Reasons) - mostReasons; more > 0 {
		fmt.Fprintf(w, "and %d rarer reasons; --json lists them all\n", more)
	}
	return nil
}

// title says what a reason is about.
func (r *ReasonCount) title() string {
	return (&scenario.Doing{What: r.What, Workflow: r.Workflow, About: r.About}).String()
}

// everything lists who would have got what and when, where that was asked for.
func (b *Backtest) everything(w io.Writer) error {
	if !b.all {
		return nil
	}
	fmt.Fprintln(w, "\nWho would have got what, and when:")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "CLIENT\tWHAT\tTO\tAS IT IS\tWITH DRAFT\tDIFFERENT")
	for i := range b.Changes {
		c := &b.Changes[i]
		to := c.one().To
		switch {
		case c.one().What == scenario.SortCap:
			to = "nobody"
		case to == "":
			to = "the client"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", called(c.Client, c.EHR), c.title(), to, b.came(c.AsItIs), b.came(c.WithDraft), cmp.Or(c.how(), "-"))
	}
	return tw.Flush()
}

// called is a client as people read it: by number, and by the EHR's id where that was
// asked for.
func called(client int, ehr string) string {
	if ehr == "" {
		return strconv.Itoa(client)
	}
	return fmt.Sprintf("%d (%s)", client, ehr)
}

func (b *Backtest) came(d *scenario.Doing) string {
	if d == nil {
		return "-"
	}
	return d.At.In(b.zone).Format(timeText)
}

// families are the messages by workflow and family.
func (b *Backtest) families(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "WORKFLOW\tFAMILY\tMESSAGES\tCLIENTS")
	for _, name := range b.names() {
		was, is := b.AsItIs.Find(name), b.WithDraft.Find(name)
		for _, family := range union(was.Families, is.Families, func(f scenario.FamilyTally) string { return f.Family }) {
			x, y := was.Find(family), is.Find(family)
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", name, family, both(x.Messages, y.Messages), both(x.Reached, y.Reached))
		}
	}
	fmt.Fprintln(tw)
	return tw.Flush()
}

// shares are what else each workflow came to.
func (b *Backtest) shares(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "WORKFLOW\tJOURNEYS\tTASKS\tESCALATIONS\tDROPPED BY CAP")
	for _, name := range b.names() {
		x, y := b.AsItIs.Find(name), b.WithDraft.Find(name)
		if name == "" {
			name = "(no workflow)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", name, both(x.Journeys, y.Journeys), both(x.Tasks, y.Tasks), both(x.Escalations, y.Escalations), both(x.Capped, y.Capped))
	}
	return tw.Flush()
}

// differing names the clients for whom it is not the same.
func (b *Backtest) differing(w io.Writer) {
	if len(b.Differ) == 0 {
		fmt.Fprintln(w, "\nFor no client is anything different.")
		return
	}
	fmt.Fprintf(w, "\nIt is different for %d of %d clients. Where it parts first:\n", len(b.Differ), b.Clients)
	for _, d := range b.Differ[:min(len(b.Differ), mostDiffer)] {
		fmt.Fprintf(w, "client %s, first %s %d\n  as it is    %s\n  with draft  %s\n", called(d.Client, d.EHR), b.place(), d.Line, b.said(d.AsItIs), b.said(d.WithDraft))
	}
	if more := len(b.Differ) - mostDiffer; more > 0 {
		fmt.Fprintf(w, "and %d more; --json lists them all\n", more)
	}
}

// place says what the number of a client's first event counts.
func (b *Backtest) place() string {
	if b.Source == sourceFile {
		return "on line"
	}
	return "in event"
}

func (b *Backtest) said(l *scenario.Line) string {
	if l == nil {
		return "nothing more"
	}
	return fmt.Sprintf("%s  %s: %s (%s)", l.At.In(b.zone).Format(timeText), l.Event, l.Text, l.Words)
}

// names are the workflows that came up on either side; the first may be empty.
func (b *Backtest) names() []string {
	return union(b.AsItIs.Workflows, b.WithDraft.Workflows, func(w scenario.WorkflowTally) string { return w.Workflow })
}

func both(was, is int) string { return change(strconv.Itoa(was), strconv.Itoa(is)) }

func change(was, is string) string {
	if was == is {
		return was
	}
	return was + " → " + is
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// union are the names that either list has, in their order.
func union[T any](a, b []T, name func(T) string) []string {
	var out []string
	for _, x := range slices.Concat(a, b) {
		out = append(out, name(x))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
