package main

import (
	"errors"
	"fmt"

	"github.com/mooring-care/mooring/internal/app"
)

type backtestCmd struct {
	Draft string `arg:"" help:"A workflow's file, draft or not, or the name of a built-in one or of one in --clinic-dir."`

	Events    string `required:"true" placeholder:"FILE" help:"Past events: one CloudEvent in JSON a line, as the doors take them."`
	Until     string `placeholder:"TIME" help:"When it ends: RFC 3339, or a day such as 2026-11-02 by the clinic's calendar. Unset: 60 days after the last event."`
	ClinicDir string `placeholder:"DIR" help:"The folder of the clinic to try it in, the one with clinic.yaml. Unset: the folder around the draft, or else the embedded sample clinic."`
	JSON      bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run decides the past with and without the draft, and does nothing of it. Exit 1
// when a line could not be read, once everything was printed.
func (c backtestCmd) Run(io streams) error {
	b, err := app.RunBacktest(c.Draft, c.Events, c.ClinicDir, c.Until)
	if errors.Is(err, app.ErrUntil) {
		return &misuseError{"--until: " + err.Error()}
	}
	if err != nil {
		return err
	}
	for _, u := range b.Unread {
		fmt.Fprintln(io.err, u)
	}
	if c.JSON {
		err = writeJSON(io.out, b)
	} else {
		err = b.Text(io.out)
	}
	if err == nil && len(b.Unread) > 0 {
		err = fmt.Errorf("lines of %s that could not be read and were left out: %d", c.Events, len(b.Unread))
	}
	return err
}
