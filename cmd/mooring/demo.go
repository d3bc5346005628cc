package main

import "context"

type demoCmd struct{}

// Run plays the sample story.
func (demoCmd) Run(ctx context.Context, io streams) error { return serveCmd{}.Run(ctx, io) }
