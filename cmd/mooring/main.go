// Command mooring listens to a therapy clinic's events, sends kind outreach,
// and keeps a human on every safety question.
//
// It owns flags, signals and commands, and must never know a rule.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/mooring-care/mooring/internal/app"
)

// Exit codes.
const (
	exitDone   = 0
	exitWrong  = 1 // something was found wrong, or went wrong
	exitMisuse = 2
)

// cli is every command with its flags.
type cli struct {
	Serve serveCmd `cmd:"" help:"Run everything in one process: embedded NATS unless NATS_URL is set."`
	Demo  demoCmd  `cmd:"" help:"Serve the sample clinic with sample events; days pass in seconds."`
	Bench benchCmd `cmd:"" help:"Measure this machine: journeys a second, latency, memory, timers."`

	Event    eventCmd    `cmd:"" help:"Send one event, as a clinic's system would."`
	Client   clientCmd   `cmd:"" help:"Look a client up."`
	Rejected rejectedCmd `cmd:"" help:"Look at what nobody could act on, and send it again."`
	Audit    auditCmd    `cmd:"" help:"Look into the record of every decision, and of every look at a client."`
	Report   reportCmd   `cmd:"" help:"Count how long it takes until a human answers."`
	Signin   signinCmd   `cmd:"" help:"Make a one-time link to the staff pages of the running program."`
	Health   healthCmd   `cmd:"" hidden:"" help:"Ask the running program whether it is ready."`

	Workflow workflowCmd `cmd:"" help:"List workflows, and put one to work."`
	Clinic   clinicCmd   `cmd:"" help:"Stop all care mail of a clinic, and let it go out again."`

	Simulate simulateCmd `cmd:"" help:"Tell what a workflow would decide on a scenario, in virtual time; nothing is sent."`
	Graph    graphCmd    `cmd:"" help:"Draw a workflow as people read it: steps, waits, branches, and what ends it."`
	Backtest backtestCmd `cmd:"" help:"Decide past events with and without a draft, and compare; nothing is sent."`
	Preview  previewCmd  `cmd:"" help:"Show what mails and pages look like; nothing is sent."`

	Check   checkCmd   `cmd:"" help:"Read clinic folders as serve would, and say what it would refuse and what will not work."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// streams are the command's input and output.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, io streams) int {
	exited := -1
	parser, err := kong.New(&cli{},
		kong.Name("mooring"),
		kong.Description("Kind outreach for therapy clinics, and a human on every safety question."),
		kong.UsageOnError(),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io),
		kong.Help(help),
	)
	if err != nil {
		fmt.Fprintln(io.err, "mooring:", err)
		return exitWrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	kctx, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.err, "mooring: %v\nTry mooring --help.\n", err)
		return exitMisuse
	}
	if err := kctx.Run(); err != nil {
		var misuse *misuseError
		var config *app.ConfigError
		fmt.Fprintln(io.err, "mooring:", err)
		if errors.As(err, &misuse) || errors.As(err, &config) {
			return exitMisuse
		}
		return exitWrong
	}
	return exitDone
}

// misuseError is a wrong call: exit code 2.
type misuseError struct{ text string }

func (e *misuseError) Error() string { return e.text }

// help adds the environment to the commands that read it.
func help(options kong.HelpOptions, kctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, kctx); err != nil {
		return err
	}
	if sel := kctx.Selected(); sel != nil && (sel.Name == "serve" || sel.Name == "demo") {
		fmt.Fprint(kctx.Stdout, "\nEnvironment:\n\n")
		return app.Usage(kctx.Stdout)
	}
	return nil
}
