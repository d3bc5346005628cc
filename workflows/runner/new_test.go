package runner

import (
	"log/slog"
	"testing"
	"time"
)

func TestNewWantsALogAClockAndALogger(t *testing.T) {
	whole := Config{Log: newStore(), Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	if _, err := New(whole); err != nil {
		t.Errorf("all that is required: %v", err)
	}
	for name, leave := range map[string]func(*Config){
		"log": func(c *Config) { c.Log = nil }, "clock": func(c *Config) { c.Now = nil }, "logger": func(c *Config) { c.Logger = nil },
	} {
		cfg := whole
		leave(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("without a %s nothing was said", name)
		}
	}
}
