package fakesendgrid

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

// Main runs a server until ctx ends and returns the exit code: 0 done, 1
// failed, 2 misuse. It prints the server's URL and, with -ready-file, writes it
// there once the server listens.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fakesendgrid", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var cfg Config
	flags.StringVar(&cfg.Listen, "listen", "127.0.0.1:0", "host:port to listen on")
	flags.StringVar(&cfg.Log, "log", "", "file to append what was taken to, one JSON object a line")
	flags.StringVar(&cfg.Key, "key", "", "the only API key to let in; any without it")
	flags.BoolVar(&cfg.KeepText, "keep-text", false, "append each mail's plain text too")
	flags.StringVar(&cfg.Answers, "answers", "", "file to append every answer to, one JSON object a line")
	readyFile := flags.String("ready-file", "", "file to write the URL to when ready")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	s, err := Start(cfg)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	code := 0
	if *readyFile != "" {
		if err := writeWhole(*readyFile, s.URL()); err != nil {
			fmt.Fprintln(stderr, err)
			code = 1
		}
	}
	if code == 0 {
		fmt.Fprintln(stdout, s.URL())
		<-ctx.Done()
	}
	if err := s.Close(); err != nil {
		fmt.Fprintln(stderr, err)
		code = 1
	}
	return code
}

// writeWhole never shows a reader half a file.
func writeWhole(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write ready file: %w", err)
	}
	return nil
}
