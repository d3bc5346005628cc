package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/mooring-care/mooring/internal/app"
)

type clientCmd struct {
	Show clientShowCmd `cmd:"" help:"Tell what is known of a client, what was decided and why, and what comes next."`

	Pause  clientPauseCmd  `cmd:"" help:"Pause care mail to a client."`
	Resume clientResumeCmd `cmd:"" help:"Lift a pause; with --opt-in also an opt-out."`
}

type clientShowCmd struct {
	EHRID  string `arg:"" name:"ehr-id" help:"The EHR's id of the client."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
	By     string `placeholder:"PERSON" help:"Who looks: an id of clinic.yaml. It is written down beside the look; without it an operator at a terminal is."`
	JSON   bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run tells one client's story.
func (c clientShowCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	clinic, err := op.Clinic(c.Clinic)
	if err != nil {
		return misuse(err)
	}
	if err := op.CheckPerson(clinic, c.By); err != nil {
		return misuse(err)
	}
	story, err := op.Client(ctx, clinic, c.EHRID)
	if errors.Is(err, app.ErrUnknownClient) {
		return fmt.Errorf("the clinic %s has no client with the EHR id %s: no event about them was decided on", clinic, c.EHRID)
	}
	if err != nil {
		return err
	}
	if err := op.Looked(ctx, clinic, c.EHRID, c.By); err != nil {
		fmt.Fprintln(io.err, "mooring: this look could not be written down:", err)
	}
	if c.JSON {
		return writeJSON(io.out, story)
	}
	return story.WriteText(io.out)
}

// openOperator reaches the Mooring that the environment means.
func openOperator(ctx context.Context) (*app.Operator, error) {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return nil, err
	}
	return app.OpenOperator(ctx, cfg)
}

// misuse turns what only the caller can mend into exit code 2.
func misuse(err error) error {
	var draft *app.DraftError
	var clinic *app.ClinicError
	if errors.As(err, &draft) || errors.As(err, &clinic) {
		return &misuseError{err.Error()}
	}
	return err
}

// writeJSON writes a value for programs, indented for people.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
