package main

import (
	"fmt"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

type checkCmd struct {
	Dir string `arg:"" optional:"" env:"MOORING_CLINICS" help:"Folder of clinic folders; without it the embedded sample clinic."`
}

// Run reads what serve would read, and refuses what it would refuse.
func (c checkCmd) Run(io streams) error {
	found, err := app.CheckClinics(c.Dir)
	if err != nil {
		return err
	}
	for _, f := range found {
		fmt.Fprintf(io.out, "%s: %d workflows, %d people, version %s: in order\n", f.ID, len(f.Workflows), f.Staff.Members(), f.Version)
		for _, w := range app.Warnings(f, time.Now()) {
			fmt.Fprintf(io.out, "%s: warning: %s\n", f.ID, w)
		}
		for _, n := range app.Notes(f) {
			fmt.Fprintf(io.out, "%s: note: %s\n", f.ID, n)
		}
	}
	return nil
}
