package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mooring-care/mooring/internal/app"
)

type graphCmd struct {
	Workflow string `arg:"" help:"A workflow's file, draft or not, or the name of a built-in one or of one in --clinic-dir."`

	ClinicDir string `placeholder:"DIR" help:"The folder of the clinic whose policies and people it names, the one with clinic.yaml. Unset: the folder around the workflow's file, or else the embedded sample clinic."`
	Format    string `enum:"mermaid,svg,text," default:"" placeholder:"FORMAT" help:"mermaid for pages that draw it, svg for a picture, text for an outline in words. Unset: as --out ends, or else mermaid."`
	Out       string `placeholder:"FILE" help:"Write it to a file, such as first-no-show.svg. Unset: to the terminal."`
}

// Run draws a workflow.
func (c graphCmd) Run(io streams) error {
	if err := notOver("--out", c.Out, c.Workflow); err != nil {
		return err
	}
	endings := map[string]string{".svg": "svg", ".txt": "text", ".mmd": "mermaid", ".md": "mermaid", "": "mermaid"}
	ending, known := endings[filepath.Ext(c.Out)]
	if !known && c.Format == "" {
		return &misuseError{"--out " + c.Out + ": what is it to be? Let it end in .svg, .txt or .mmd, or say --format"}
	}
	chart, err := app.Graph(c.Workflow, c.ClinicDir)
	if err != nil {
		return err
	}
	format := c.Format
	if format == "" {
		format = ending
	}
	drawn := chart.Mermaid()
	switch format {
	case "svg":
		drawn = chart.SVG()
	case "text":
		drawn = chart.Outline()
	}
	if c.Out == "" {
		fmt.Fprint(io.out, drawn)
		return nil
	}
	if err := os.WriteFile(c.Out, []byte(drawn), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: drawn\n", c.Out)
	return nil
}
