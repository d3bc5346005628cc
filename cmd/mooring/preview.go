package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/mooring-care/mooring/internal/app"
)

type previewCmd struct {
	Mail string `arg:"" optional:"" help:"One mail, by its family (A, A.short, task) or its file's name (a-notice); it is printed as text. Without it every mail and page is written into --out."`

	ClinicDir string `placeholder:"DIR" help:"The folder of the clinic, the one with clinic.yaml. Unset: the embedded sample clinic."`
	Language  string `help:"The client's language, such as es. Unset: the clinic's."`
	Reason    string `help:"Why the client stepped back, such as shame. Unset: unknown."`
	HTML      bool   `name:"html" xor:"how" help:"Print the mail as HTML."`
	SendTo    string `placeholder:"PERSON" xor:"how" help:"Send the mail, marked as a test, to a member of staff: an id of the clinic's directory. It goes by the mailer that MOORING_MAILER and its settings name."`
	Out       string `type:"path" default:"mooring-preview" help:"The folder to write into."`
}

// Run shows what would be sent. Nothing is, but for the one test that is asked for.
func (c previewCmd) Run(ctx context.Context, io streams) error {
	p, err := app.OpenPreviews(c.ClinicDir, time.Now())
	if err != nil {
		return err
	}
	if c.Mail == "" && c.SendTo != "" {
		return app.ErrNoMail
	}
	if c.Mail == "" {
		mails, pages, err := p.Write(c.Out)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%d mails and %d pages of %s: open %s\n", mails, pages, p.Name, filepath.Join(c.Out, "index.html"))
		return nil
	}
	m, err := p.Mail(c.Mail, c.Language, c.Reason)
	if err != nil {
		return err
	}
	if c.SendTo != "" {
		cfg, err := app.ReadConfig()
		if err != nil {
			return err
		}
		went, err := p.SendTest(ctx, cfg, m, c.SendTo)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "Sent “[Test] %s” to %s: %s.\n", m.Subject, c.SendTo, went)
		return nil
	}
	if c.HTML {
		fmt.Fprintln(io.out, m.HTML)
		return nil
	}
	fmt.Fprintln(io.out, m.File)
	for _, w := range m.Waived {
		fmt.Fprintln(io.out, "Waived:", w)
	}
	fmt.Fprintf(io.out, "\nSubject: %s\n\n%s", m.Subject, m.Text)
	return nil
}
