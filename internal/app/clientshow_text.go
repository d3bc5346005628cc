package app

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mooring-care/mooring/workflows"
)

// storyTime is how the terminal writes times: the year too, for a story may
// be old.
const (
	storyTime      = "Mon 2 Jan 2006 15:04"
	storyTimeWidth = len("Mon 22 Jan 2006 15:04")
)

// WriteText writes the story for people. The clinic's zone is that of every
// time.
func (s *ClientStory) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Client.Name)
	fmt.Fprintf(&b, "Client %s of %s (%s). It is %s, %s.\n", s.Client.EHR, s.Clinic.Name, s.Clinic.ID, s.at(s.Now), s.Clinic.Zone)
	if s.Client.Flagged {
		b.WriteString("The safety flag is up.\n")
	}
	s.known(&b)
	s.runs(&b)
	s.decided(&b)
	s.mail(&b)
	s.next(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *ClientStory) at(t time.Time) string { return t.In(s.zone).Format(storyTime) }

func heading(b *strings.Builder, text string, n int, otherwise string) {
	fmt.Fprintf(b, "\n%s\n", text)
	if n == 0 {
		fmt.Fprintf(b, "  %s\n", otherwise)
	}
}

// columns writes rows with their first cells padded to one width.
func columns(b *strings.Builder, rows [][]string) {
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteString(strings.Repeat(" ", width[i-1]-utf8.RuneCountInString(row[i-1])))
			}
			b.WriteString("  " + cell)
		}
		b.WriteString("\n")
	}
}

func (s *ClientStory) known(b *strings.Builder) {
	heading(b, "What is known", len(s.Profile)+len(s.Appointments), "nothing yet")
	var rows [][]string
	for _, k := range s.Profile {
		words := k.words
		if words == "" {
			words = "taken back"
		}
		rows = append(rows, []string{k.label, words, "since " + s.at(k.Since)})
	}
	for _, a := range s.Appointments {
		words := appointmentWords(a)
		if !a.Start.IsZero() {
			words += ", for " + s.at(a.Start)
		}
		rows = append(rows, []string{"Appointment " + a.ID, words, "since " + s.at(a.Since)})
	}
	columns(b, rows)
}

func appointmentWords(a StoryAppointment) string {
	_, word, _ := strings.Cut(a.Status, ".")
	if word == "noshow" {
		word = "no-show"
	}
	if a.CancelledBy != "" {
		word += " by " + a.CancelledBy
	}
	return word
}

func (s *ClientStory) runs(b *strings.Builder) {
	open := 0
	for _, e := range s.Escalations {
		if e.Open {
			open++
		}
	}
	heading(b, "What runs", len(s.Journeys)+len(s.Tasks)+open, "nothing")
	var rows [][]string
	for _, e := range s.Escalations {
		if e.Open {
			rows = append(rows, []string{"Question", e.words, "since " + s.at(e.Opened)})
		}
	}
	for _, t := range s.Tasks {
		rows = append(rows, []string{"Task", t.Words + ": with " + t.OwnerName, "since " + s.at(t.Opened)})
	}
	for _, j := range s.Journeys {
		rows = append(rows, []string{"Journey", "“" + j.Title + "”, step " + j.Step, "since " + s.at(j.Started)})
	}
	columns(b, rows)
}

// decided tells each decision: what happened, and below it each thing that
// follows, with its reason.
func (s *ClientStory) decided(b *strings.Builder) {
	heading(b, "What was decided, and why", len(s.Timeline), "nothing yet")
	indent := strings.Repeat(" ", 2+storyTimeWidth+2)
	for i, m := range s.Timeline {
		reason := strings.TrimSuffix(m.ReasonWords, ".")
		switch {
		case m.Event == "": // the ledger's own word
			fmt.Fprintf(b, "  %-*s  %s: %s\n", storyTimeWidth, s.at(m.At), m.Words, reason)
			continue
		case i == 0 || s.Timeline[i-1].Event != m.Event || !s.Timeline[i-1].At.Equal(m.At):
			fmt.Fprintf(b, "  %-*s  %s", storyTimeWidth, s.at(m.At), m.eventWords)
			if late := m.At.Sub(m.EventTime); late > time.Minute {
				fmt.Fprintf(b, " (on %s)", s.at(m.EventTime))
			}
			if m.About == string(workflows.WhatClient) {
				fmt.Fprintf(b, ": %s\n", reason)
				continue
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "%s→ %s: %s", indent, m.Words, reason)
		if !m.Until.IsZero() {
			fmt.Fprintf(b, " (%s)", withHoliday(s.at(m.Until), m.Holiday))
		}
		b.WriteString("\n")
		if m.written != "" {
			fmt.Fprintf(b, "%s  They wrote: “%s”\n", indent, strings.Join(strings.Fields(m.written), " "))
		}
	}
}

func (s *ClientStory) mail(b *strings.Builder) {
	heading(b, "What was sent or not", len(s.Messages), "no mail was asked for")
	for _, m := range s.Messages {
		fmt.Fprintf(b, "  %-*s  to %s: %s: %s", storyTimeWidth, s.at(m.Asked), m.ToName, m.TemplateWords, m.StatusWords)
		if m.DetailWords != "" {
			fmt.Fprintf(b, "; %s", strings.TrimSuffix(m.DetailWords, "."))
		} else if m.Detail != "" {
			fmt.Fprintf(b, " (%s)", m.Detail)
		}
		b.WriteString("\n")
	}
}

func (s *ClientStory) next(b *strings.Builder) {
	heading(b, "What comes next", len(s.Next), "nothing by itself; the next event decides")
	for _, n := range s.Next {
		fmt.Fprintf(b, "  %-*s  %s\n", storyTimeWidth, s.at(n.At), n.Words)
	}
}
