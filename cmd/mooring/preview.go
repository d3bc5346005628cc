package main

import (
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
	HTML      bool   `name:"html" help:"Print the mail as HTML."`
	Out       string `type:"path" default:"mooring-preview" help:"The folder to write into."`
}

// Run shows what would be sent, and sends nothing.
func (c previewCmd) Run(io streams) error {
	p, err := app.OpenPreviews(c.ClinicDir, time.Now())
	if err != nil {
		return err
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
