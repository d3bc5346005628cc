package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

// healthCmd is for a container's health check: 0 when the program is ready.
type healthCmd struct{}

// healthWithin bounds one check, below the five seconds that the container has.
const healthWithin = 4 * time.Second

// Run asks the running program whether it is ready.
func (healthCmd) Run(ctx context.Context, io streams) error {
	cfg, err := app.ReadOperatorConfig()
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(cfg.OpsHTTP); err != nil {
		return &app.ConfigError{Variable: "MOORING_OPS_HTTP", Problem: "is not host:port, such as 127.0.0.1:8082"}
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+app.Loopback(cfg.OpsHTTP)+"/readyz", http.NoBody)
	if err != nil {
		return fmt.Errorf("ask whether Mooring is ready: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask whether Mooring is ready: %w", err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("Mooring is not ready: it answered %d", res.StatusCode) //nolint:staticcheck // a name begins it
	}
	_, err = fmt.Fprintln(io.out, "ready")
	return err
}
