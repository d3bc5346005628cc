package main

import (
	"fmt"

	"github.com/mooring-care/mooring/internal/app"
)

type signinCmd struct{}

// Run prints the link and nothing else, so that a browser can be given it.
func (signinCmd) Run(io streams) error {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return err
	}
	link, err := app.SignIn(cfg)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.err, "This link works once, within the hour:")
	_, err = fmt.Fprintln(io.out, link)
	return err
}
