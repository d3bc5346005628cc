package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/mooring-care/mooring/internal/app"
)

type simulateCmd struct {
	Workflow string `arg:"" help:"A workflow's file, draft or not, or the name of a built-in one or of one in --clinic-dir."`
	Scenario string `arg:"" help:"The scenario's file; docs/commands.md shows how to write it."`

	ClinicDir string `placeholder:"DIR" help:"The folder of the clinic to try it in, the one with clinic.yaml. Unset: the folder around the workflow's file, or else the embedded sample clinic."`
	Check     bool   `xor:"how" help:"Compare the timeline in the scenario's file with what is decided; exit 1 when they differ."`
	Write     bool   `xor:"how" help:"Write the timeline into the scenario's file."`
	HTML      string `name:"html" placeholder:"FILE" xor:"how" help:"Write one page for people, with every mail in its place."`
	JSON      bool   `name:"json" xor:"how" help:"Print JSON, as docs/commands.md describes it."`
}

// Run tells what would be decided, and does nothing of it.
func (c simulateCmd) Run(io streams) error {
	if err := notOver("--html", c.HTML, c.Workflow, c.Scenario); err != nil {
		return err
	}
	s, err := app.Simulate(c.Workflow, c.Scenario, c.ClinicDir)
	if err != nil {
		return err
	}
	if !s.Met() {
		fmt.Fprintf(io.err, "The workflow %s comes up nowhere in this scenario.\n", s.Workflow)
	}
	switch {
	case c.JSON:
		return writeJSON(io.out, s.Timeline)
	case c.HTML != "":
		var page bytes.Buffer
		if err := s.WriteHTML(&page); err != nil {
			return err
		}
		if err := os.WriteFile(c.HTML, page.Bytes(), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%s: written\n", c.HTML)
	case c.Check:
		if err := s.Check(); err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%s: as decided\n", c.Scenario)
	case c.Write:
		wrote, err := s.Write()
		if err != nil {
			return err
		}
		if !wrote {
			fmt.Fprintf(io.out, "%s: as decided, nothing was written\n", c.Scenario)
			return nil
		}
		fmt.Fprintf(io.out, "%s: written anew\n", c.Scenario)
	default:
		fmt.Fprint(io.out, s.Text)
	}
	return nil
}
