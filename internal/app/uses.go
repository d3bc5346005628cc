package app

import (
	"context"

	"github.com/mooring-care/mooring/internal/jetstream"
)

// Uses says what each stream has taken so far.
func (a *App) Uses(ctx context.Context) (map[string]jetstream.Use, error) { return a.store.Uses(ctx) }

// Lag is how many messages each durable consumer has not finished.
func (a *App) Lag(ctx context.Context) (map[string]uint64, error) { return a.store.Lag(ctx) }
