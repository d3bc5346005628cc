package main

import (
	"context"
	"fmt"
	"io"

	"github.com/mooring-care/mooring/internal/app"
)

type clinicCmd struct {
	Pause  clinicPauseCmd  `cmd:"" help:"Stop all care mail of a clinic at once."`
	Resume clinicResumeCmd `cmd:"" help:"Let it go out again; what was left out meanwhile is not made up for."`
}

// held is what pausing and resuming have in common.
type held struct {
	By     string `required:"true" placeholder:"PERSON" help:"Who decided it: an id of clinic.yaml."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
}

type clinicPauseCmd struct {
	held
	Why string `required:"true" placeholder:"TEXT" help:"Why, in words, for those who find it."`
}

type clinicResumeCmd struct{ held }

type workflowPauseCmd struct {
	Name string `arg:"" help:"The workflow."`
	clinicPauseCmd
}

type workflowResumeCmd struct {
	Name string `arg:"" help:"The workflow."`
	held
}

// Run pauses all care mail of a clinic.
func (c clinicPauseCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.HoldAct{Why: c.Why}, (*app.Operator).Hold)
}

// Run lifts that pause.
func (c clinicResumeCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.HoldAct{}, (*app.Operator).Release)
}

// Run pauses the care mail of one workflow.
func (c workflowPauseCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.HoldAct{Workflow: c.Name, Why: c.Why}, (*app.Operator).Hold)
}

// Run lifts that pause.
func (c workflowResumeCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.HoldAct{Workflow: c.Name}, (*app.Operator).Release)
}

func (c held) act(ctx context.Context, out io.Writer, a app.HoldAct, do func(*app.Operator, context.Context, app.HoldAct) (string, error)) error {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return err
	}
	op, err := app.OpenOperator(ctx, cfg)
	if err != nil {
		return err
	}
	defer op.Close()
	if a.Clinic, err = op.Clinic(c.Clinic); err != nil {
		return misuse(err)
	}
	a.By = c.By
	what, err := do(op, ctx, a)
	if err != nil {
		return misuse(err)
	}
	_, err = fmt.Fprintf(out, "%s.\n", what)
	return err
}
