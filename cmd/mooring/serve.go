package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

// stopWithin bounds the time that stopping may take.
const stopWithin = 25 * time.Second

type serveCmd struct{}

// Run serves until ctx ends.
func (serveCmd) Run(ctx context.Context, io streams) error {
	cfg, err := app.ReadConfig()
	if err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, cfg.Logger(io.err))
	if err != nil {
		return err
	}
	go steadyMemory(ctx)
	if err := a.Start(ctx); err != nil {
		a.Stop(context.WithoutCancel(ctx))
		return err
	}
	fmt.Fprint(io.out, a.Banner())
	<-ctx.Done()
	fmt.Fprintln(io.out, "Finishing what is under way …")
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	a.Stop(stopCtx)
	fmt.Fprintln(io.out, "Stopped. Nothing was lost; start again to go on.")
	return nil
}

type versionCmd struct{}

// Run prints the version that the binary was built from.
func (versionCmd) Run(io streams) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	_, err := fmt.Fprintln(io.out, "mooring", version)
	return err
}
