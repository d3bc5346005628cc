package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

// stopWithin bounds the time that stopping may take.
const stopWithin = 25 * time.Second

type serveCmd struct{}

// Run serves until ctx ends.
func (serveCmd) Run(ctx context.Context, std streams) error {
	cfg, err := readConfig(std.err)
	if err != nil {
		return err
	}
	processors(cfg.NATSURL == "" && cfg.StoreSync == "always")
	a, err := app.New(ctx, cfg, cfg.Logger(std.err))
	if err != nil {
		return err
	}
	go steadyMemory(ctx)
	if err := a.Start(ctx); err != nil {
		a.Stop(context.WithoutCancel(ctx))
		return err
	}
	fmt.Fprint(std.out, a.Banner())
	<-ctx.Done()
	fmt.Fprintln(std.out, "Finishing what is under way …")
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return sayStopped(std, a.Stop(stopCtx))
}

// readConfig reads the environment and warns of what in it looks mistyped.
func readConfig(w io.Writer) (app.Config, error) {
	cfg, err := app.ReadConfig()
	if err != nil {
		return cfg, err
	}
	log := cfg.Logger(w)
	for _, v := range app.UnknownVariables(os.Environ()) {
		log.Warn("a variable is none of Mooring's and changes nothing", "name", v.Name, "nearest", v.Nearest)
	}
	return cfg, nil
}

// sayStopped is the program's last word.
func sayStopped(std streams, finished bool) error {
	text := "Stopped. Nothing was lost; start again to go on."
	if !finished {
		text = fmt.Sprintf("Stopped. What was under way did not end within %d seconds; what was acknowledged is kept, and the next start goes on with it.", int(stopWithin.Seconds()))
	}
	_, err := fmt.Fprintln(std.out, text)
	return err
}

type versionCmd struct{}

// Run prints the version that the binary was built from.
func (versionCmd) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "mooring", buildVersion())
	return err
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
