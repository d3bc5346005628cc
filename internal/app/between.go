package app

import (
	"github.com/mooring-care/mooring/events/ingress"
	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/workflows/runner"
)

// Between stands between the program and what it calls: each function is given
// the real thing and returns what is used instead; nil leaves it. Tests use it
// to make calls fail before or after they took effect.
type Between struct {
	Log         func(runner.Log) runner.Log
	Timers      func(runner.Timers) runner.Timers
	Outbox      func(runner.Outbox) runner.Outbox
	Directories func(runner.Directories) runner.Directories
	Ledger      func(notifier.Ledger) notifier.Ledger
	Looker      func(notifier.Looker) notifier.Looker
	Reporter    func(notifier.Reporter) notifier.Reporter
	Provider    func(notifier.Provider) notifier.Provider
	// Archive and Arrivals are the store's own calls.
	Archive  func(jetstream.Archive) jetstream.Archive
	Arrivals func(jetstream.Arrivals) jetstream.Arrivals
	// Looks is where looks at clients are written down.
	Looks func(LookKeeper) LookKeeper
	// Door is where the HTTP door hands events in.
	Door func(ingress.Publisher) ingress.Publisher
}

// WithBetween puts b between the program and what it calls.
func WithBetween(b Between) Option {
	return func(a *App) { a.between = b }
}

func between[T any](stand func(T) T, x T) T {
	if stand == nil {
		return x
	}
	return stand(x)
}
