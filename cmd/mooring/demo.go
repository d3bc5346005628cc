package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/mooring-care/mooring/internal/app"
)

type demoCmd struct {
	ExitWhenDone bool `help:"End by itself once the story is told; exit 1 when a part of it did not happen."`
}

// Run plays the sample story and goes on serving until ctx ends.
func (c demoCmd) Run(ctx context.Context, io streams) error {
	cfg, err := readConfig(io.err)
	if err != nil {
		return err
	}
	_, given := os.LookupEnv("MOORING_DATA")
	demo, err := app.NewDemo(ctx, app.DemoConfig(cfg, given), io.out, c.ExitWhenDone)
	if err != nil {
		return err
	}
	stop := func() bool {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		return demo.Stop(stopCtx)
	}
	if err := demo.Start(ctx); err != nil {
		stop()
		return err
	}
	fmt.Fprint(io.out, demo.App().Banner())
	fmt.Fprint(io.out, "  Five clients of the sample clinic, eleven days, about a minute and a half.\n\n")
	if err := demo.Tell(ctx); err != nil {
		stop()
		return err
	}
	if ctx.Err() == nil {
		if missing := demo.Missing(); c.ExitWhenDone && len(missing) > 0 {
			stop()
			return fmt.Errorf("the story was not told whole; missing: %s", strings.Join(missing, ", "))
		}
		fmt.Fprint(io.out, "\n  ~ The story is told. The pages stay up; Ctrl-C stops, and starting again goes on from here.\n\n")
		if !c.ExitWhenDone {
			<-ctx.Done()
		}
	}
	return sayStopped(io, stop())
}
