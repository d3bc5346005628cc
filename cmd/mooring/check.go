package main

import (
	"errors"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

type checkCmd struct {
	Dir    string `arg:"" optional:"" env:"MOORING_CLINICS" help:"Folder of clinic folders; without it the embedded sample clinic."`
	JSON   bool   `name:"json" xor:"form" help:"Print JSON, as docs/check.md describes it."`
	SARIF  bool   `name:"sarif" xor:"form" help:"Print SARIF 2.1.0, which code hosts and editors show beside the files."`
	Strict bool   `help:"End with 1 for a warning too."`
}

// Run reads what serve would read, says what it would refuse, and what can be read and
// will not work.
func (c checkCmd) Run(std streams) error {
	found, err := app.Check(c.Dir, time.Now())
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = writeJSON(std.out, found)
	case c.SARIF:
		err = found.WriteSARIF(std.out, buildVersion())
	default:
		err = found.WriteText(std.out, c.Dir)
	}
	switch {
	case err != nil:
		return err
	case found.Errors > 0:
		return errors.New("something is wrong in the clinic folders")
	case c.Strict && found.Warnings > 0:
		return errors.New("there are warnings")
	}
	return nil
}
