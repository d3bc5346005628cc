package main

import (
	"context"
)

type reportCmd struct {
	Escalations reportEscalationsCmd `cmd:"" help:"How long questions took: to the mail, to somebody taking them, to an outcome."`
}

type reportEscalationsCmd struct {
	Clinic string `help:"The clinic's id; without it every clinic."`
	Since  string `placeholder:"WHEN" help:"Questions opened since: a stretch such as 90d, a day, or a time in RFC 3339; without it all there are."`
	JSON   bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run reports on questions.
func (c reportEscalationsCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	if c.Clinic != "" {
		if _, err = op.Clinic(c.Clinic); err != nil {
			return misuse(err)
		}
	}
	since, err := op.Since(c.Clinic, c.Since)
	if err != nil {
		return misuse(err)
	}
	r, err := op.EscalationReport(ctx, c.Clinic, since)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(io.out, r)
	}
	return r.WriteText(io.out)
}
