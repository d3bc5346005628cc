package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mooring-care/mooring/internal/app"
)

type backtestCmd struct {
	Draft string `arg:"" help:"A draft of the clinic's folder, or of one workflow: its file, draft or not, or the name of a built-in one or of one in --clinic-dir."`

	Events    string `placeholder:"FILE" help:"Past events: one CloudEvent in JSON a line, as the doors take them. Unset: what Mooring's streams keep."`
	Until     string `placeholder:"TIME" help:"When it ends: RFC 3339, or a day such as 2026-11-02 by the clinic's calendar. Unset: 60 days after the last event."`
	ClinicDir string `placeholder:"DIR" help:"The folder of the clinic as it is, the one with clinic.yaml. Unset: the version that Mooring has in force; for one workflow with --events the folder around it, or else the embedded sample clinic."`
	Clinic    string `help:"The clinic's id, where Mooring has several."`
	All       bool   `help:"List every mail, task and escalation, and not only what differs."`
	IDs       bool   `name:"ids" help:"Name clients by the EHR's ids that the file of --events has. Keep what it prints as you keep that file."`
	JSON      bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
	HTML      string `name:"html" placeholder:"FILE" help:"Write a page with charts, too: one file that loads nothing."`
}

// Run decides the past with and without the draft, and does nothing of it. Exit 1
// when a line could not be read, once everything was printed.
func (c backtestCmd) Run(ctx context.Context, io streams) error {
	if c.IDs && c.Events == "" {
		return &misuseError{"--ids needs --events: whoever looks at a client in the streams is written down, and a backtest writes nothing there; `mooring client show` does"}
	}
	if err := notOver("--html", c.HTML, c.Draft, c.Events); err != nil {
		return err
	}
	bar := newBar(io.err)
	b, err := app.RunBacktest(ctx, app.BacktestOptions{
		Draft: c.Draft, Events: c.Events, ClinicDir: c.ClinicDir, Clinic: c.Clinic, Until: c.Until, All: c.All, IDs: c.IDs,
		Open: openOperator, Progress: bar.show,
	})
	bar.clear()
	if errors.Is(err, app.ErrUntil) {
		return &misuseError{"--until: " + err.Error()}
	}
	if err != nil {
		return misuse(err)
	}
	for _, u := range b.Unread {
		fmt.Fprintln(io.err, u)
	}
	if c.JSON {
		err = writeJSON(io.out, b)
	} else {
		err = b.Text(io.out)
	}
	if err == nil && c.HTML != "" {
		err = writePage(c.HTML, b)
	}
	if err == nil && len(b.Unread) > 0 {
		err = fmt.Errorf("lines of %s that could not be read and were left out: %d", c.Events, len(b.Unread))
	}
	return err
}

// writePage writes the page whole or not at all, for the operator alone to read: it
// tells of clients, if not by name.
func writePage(file string, b *app.Backtest) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".backtest-*") // 0600
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where all went well
	err = b.HTML(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
