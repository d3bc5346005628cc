package main

import (
	"errors"
	"os"
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
		return aboutFolder(err, c.Dir)
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

// aboutFolder says what is wrong with a folder of clinics that was named in the command
// without the setting that could have named it.
func aboutFolder(err error, dir string) error {
	const setting = "MOORING_CLINICS"
	if wrong, ok := errors.AsType[*app.ConfigError](err); ok && wrong.Variable == setting && dir != "" && dir != os.Getenv(setting) {
		return &app.ConfigError{Variable: "the folder of clinics", Problem: wrong.Problem}
	}
	return err
}
