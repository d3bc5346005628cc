package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mooring-care/mooring/internal/app"
)

// clientMail is what pausing and resuming have in common.
type clientMail struct {
	EHRID  string `arg:"" name:"ehr-id" help:"The EHR's id of the client."`
	By     string `required:"true" placeholder:"PERSON" help:"Who decided it: an id of clinic.yaml."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
}

type clientPauseCmd struct {
	clientMail
	Until string `placeholder:"DATE" help:"The day on which mail may go out again, such as 2026-03-09; without it somebody must lift the pause."`
}

type clientResumeCmd struct {
	clientMail
	OptIn bool `help:"The client asked for mail again: this lifts their opt-out too."`
}

// Run pauses care mail to one client.
func (c clientPauseCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.MailAct{Until: c.Until}, (*app.Operator).PauseMail)
}

// Run lifts a pause.
func (c clientResumeCmd) Run(ctx context.Context, io streams) error {
	return c.act(ctx, io.out, app.MailAct{OptIn: c.OptIn}, (*app.Operator).ResumeMail)
}

func (c clientMail) act(ctx context.Context, out io.Writer, a app.MailAct, do func(*app.Operator, context.Context, app.MailAct) (string, error)) error {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return err
	}
	op, err := app.OpenRunning(ctx, cfg)
	if errors.Is(err, app.ErrNotRunning) {
		return fmt.Errorf("%w; start it with `mooring serve`: only a running one decides", err)
	}
	if err != nil {
		return err
	}
	defer op.Close()
	if a.Clinic, err = op.Clinic(c.Clinic); err != nil {
		return misuse(err)
	}
	a.EHR, a.By = c.EHRID, c.By
	reason, err := do(op, ctx, a)
	if errors.Is(err, app.ErrUnknownClient) {
		return fmt.Errorf("the clinic %s has no client with the EHR id %s: no event about them was decided on", a.Clinic, a.EHR)
	}
	if err != nil {
		return misuse(err)
	}
	_, err = fmt.Fprintf(out, "Done: %s.\n", reason)
	return err
}
