package app

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/mooring-care/mooring/workflows/scenario"
)

// mostDiffer is how many clients the text names; JSON has them all.
const mostDiffer = 10

const dayText = "2 Jan 2006"

// Text writes a backtest as people read it: one number where it is the same with
// the draft, else both.
func (b *Backtest) Text(w io.Writer) error {
	day := func(at time.Time) string { return at.In(b.zone).Format(dayText) }
	fmt.Fprintf(w, "%d events of %d clients of %s, from %s to %s, decided until %s, without and with the draft of %s.\n\n",
		b.Events, b.Clients, b.Clinic, day(b.First), day(b.Last), day(b.Until), b.Workflow)
	if err := b.families(w); err != nil {
		return err
	}
	if err := b.shares(w); err != nil {
		return err
	}
	was, is := b.AsItIs, b.WithDraft
	fmt.Fprintf(w, "\nIn all %s messages to %s clients: %s each at the median, %s at the most.\n",
		both(was.Messages, is.Messages), both(was.Reached, is.Reached), change(decimal(was.Median), decimal(is.Median)), both(was.Most, is.Most))
	b.differing(w)
	return nil
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
		fmt.Fprintf(w, "client %d, first on line %d\n  as it is    %s\n  with draft  %s\n", d.Client, d.Line, b.said(d.AsItIs), b.said(d.WithDraft))
	}
	if more := len(b.Differ) - mostDiffer; more > 0 {
		fmt.Fprintf(w, "and %d more; --json lists them all\n", more)
	}
}

func (b *Backtest) said(l *scenario.Line) string {
	if l == nil {
		return "nothing more"
	}
	return fmt.Sprintf("%s  %s: %s (%s)", l.At.In(b.zone).Format("Mon 2 Jan 2006 15:04 MST"), l.Event, l.Text, l.Words)
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
