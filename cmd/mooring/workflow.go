package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/mooring-care/mooring/internal/app"
)

type workflowCmd struct {
	List    workflowListCmd    `cmd:"" help:"List workflows: which are at work, which are drafts, and how many journeys run on each version."`
	Move    workflowMoveCmd    `cmd:"" help:"Let running journeys go on with the version in force; without --yes only say which can."`
	Copy    workflowCopyCmd    `cmd:"" help:"Copy built-in workflows into a clinic's folder, to be changed there."`
	Pause   workflowPauseCmd   `cmd:"" help:"Stop the care mail of one workflow at once."`
	Resume  workflowResumeCmd  `cmd:"" help:"Let it go out again; what was left out meanwhile is not made up for."`
	Approve workflowApproveCmd `cmd:"" help:"Put a workflow to work: write into its file who approved which version."`
}

type workflowApproveCmd struct {
	File string `arg:"" help:"The workflow's file."`
	By   string `required:"true" help:"Who has read it and puts it to work, such as 'Dr. Ruth Adeyemi'."`
	On   string `help:"The day of the approval; today without it." placeholder:"2026-11-02"`
}

// Run writes the approval into the file.
func (c workflowApproveCmd) Run(io streams) error {
	on, err := approvalDay(c.On, time.Now())
	if err != nil {
		return err
	}
	if strings.TrimSpace(c.By) == "" || strings.ContainsFunc(c.By, unicode.IsControl) {
		return &misuseError{"--by needs a name in one line: who has read the workflow"}
	}
	w, err := app.ApproveWorkflow(c.File, c.By, on)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: %s\n%s\nApproved by %s on %s as version %s. It is at work from the next start of mooring serve.\n",
		w.Workflow, w.Title, w.Why, w.ApprovedBy, w.ApprovedOn, w.Version)
	return nil
}

// approvalDay reads the day; it is no day in the future.
func approvalDay(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now, nil
	}
	on, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return on, &misuseError{fmt.Sprintf("--on must be a day such as 2026-11-02, not %q", s)}
	}
	// Somewhere it is tomorrow already.
	if on.After(now.Add(24 * time.Hour)) {
		return on, &misuseError{fmt.Sprintf("--on is %s, which has not come yet", s)}
	}
	return on, nil
}

type workflowListCmd struct {
	Dir  string `arg:"" optional:"" env:"MOORING_CLINICS" help:"Folder of clinic folders; without it what Mooring has in force, or else the embedded sample clinic."`
	JSON bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run lists what is at work and what is not, and where a Mooring has run how
// many journeys are under way. When these cannot be told, the list is printed
// without them and the exit is 1.
func (c workflowListCmd) Run(ctx context.Context, io streams) error {
	list, err := c.list(ctx, io)
	if list == nil {
		return aboutFolder(err, c.Dir)
	}
	if c.JSON {
		return errors.Join(writeJSON(io.out, list), err)
	}
	tw := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "CLINIC\tWORKFLOW\tPRECEDENCE\tVERSION\tJOURNEYS\tAPPROVED")
	for _, l := range list {
		precedence, journeys := "-", "-"
		if l.Precedence > 0 {
			precedence = strconv.Itoa(l.Precedence)
		}
		if l.Journeys != nil {
			journeys = strconv.Itoa(*l.Journeys)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Clinic, l.Workflow, precedence, l.Version, journeys, standing(l))
	}
	return errors.Join(tw.Flush(), err)
}

// standing says how a listed version stands.
func standing(l app.ListedWorkflow) string {
	switch l.State {
	case app.StateDraft:
		return "no: a draft, it sends nothing"
	case app.StateEarlier:
		return "an earlier version; its journeys finish on it"
	case app.StateRemoved:
		return "removed: " + l.Removed + "; its journeys end"
	}
	words := l.ApprovedOn + " by " + l.ApprovedBy
	if p := l.Paused; p != nil {
		words += "; its mail is paused: " + p.Why + " (" + p.By + ", " + p.At.UTC().Format("2006-01-02 15:04") + " UTC)"
	}
	return words
}

// list is nil where nothing can be told.
func (c workflowListCmd) list(ctx context.Context, io streams) ([]app.ListedWorkflow, error) {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return nil, err
	}
	told := time.Now()
	return app.WorkflowsOf(ctx, cfg, c.Dir, func(done int, left uint64) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(io.err, "%d clients are counted, %d are left\n", done, left)
		}
	})
}

type workflowCopyCmd struct {
	Dir   string   `arg:"" help:"The clinic's folder, the one with clinic.yaml."`
	Names []string `arg:"" optional:"" help:"Which workflows; all of them without it."`
}

// Run writes the files that are not there yet.
func (c workflowCopyCmd) Run(io streams) error {
	wrote, err := app.CopyWorkflows(c.Dir, c.Names)
	for _, name := range wrote {
		fmt.Fprintln(io.out, name)
	}
	if err != nil {
		return err
	}
	if len(wrote) == 0 {
		fmt.Fprintln(io.out, "All of them are there already; nothing was written.")
	}
	return nil
}

type workflowMoveCmd struct {
	Name   string `arg:"" help:"The workflow."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
	Yes    bool   `help:"Move those that can be moved."`
	JSON   bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run says which journeys run an older version and which of them can go on with
// the one in force, and moves these when it is told to. Exit 1 when one cannot.
func (c workflowMoveCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	clinic, err := op.Clinic(c.Clinic)
	if err != nil {
		return misuse(err)
	}
	plan, err := op.PlanMove(ctx, clinic, c.Name)
	if err != nil {
		return err
	}
	stay := 0
	for _, m := range plan {
		if m.Why != "" {
			stay++
			continue
		}
		if c.Yes {
			if err := op.Move(ctx, clinic, m); err != nil {
				return err
			}
		}
	}
	if c.JSON {
		if err := writeJSON(io.out, plan); err != nil {
			return err
		}
	} else {
		tellMoves(io, plan, stay, c.Yes)
	}
	if stay > 0 {
		return fmt.Errorf("%d of %d cannot be moved and finish on the version that they began with", stay, len(plan))
	}
	return nil
}

func tellMoves(io streams, plan []app.PlannedMove, stay int, done bool) {
	if len(plan) == 0 {
		fmt.Fprintln(io.out, "No journey runs an older version of it.")
		return
	}
	tw := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "CLIENT\tSTEP\tFROM\tTO\t")
	for _, m := range plan {
		what := "can be moved"
		switch {
		case m.Why != "":
			what = "stays: " + m.Why
		case done:
			what = "is moved"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", m.Client, m.Step, m.From, m.To, what)
	}
	_ = tw.Flush()
	if can := len(plan) - stay; can > 0 && !done {
		fmt.Fprintf(io.out, "Nothing was moved. Say --yes to move %d of %d.\n", can, len(plan))
	}
}
