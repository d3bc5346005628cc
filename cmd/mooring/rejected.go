package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mooring-care/mooring/internal/app"
)

type rejectedCmd struct {
	List   rejectedListCmd   `cmd:"" help:"List what nobody could act on, newest first."`
	Show   rejectedShowCmd   `cmd:"" help:"Show one rejected message whole."`
	Replay rejectedReplayCmd `cmd:"" help:"Send rejected messages again, once what was wrong is mended."`
}

// rejectedAt is how lists write times; they are of all clinics, so in UTC.
const rejectedAt = "2006-01-02 15:04:05"

type rejectedListCmd struct {
	Limit int  `default:"50" help:"The most to list."`
	JSON  bool `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run lists rejected messages.
func (c rejectedListCmd) Run(ctx context.Context, io streams) error {
	if c.Limit < 1 {
		return &misuseError{"--limit must be 1 or more"}
	}
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	list, err := op.ListRejected(ctx, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		out := make([]rejectedJSON, 0, len(list))
		for _, r := range list {
			out = append(out, rejectedForPrograms(r))
		}
		return writeJSON(io.out, out)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(io.out, "Nothing was rejected.")
		return err
	}
	tw := tabwriter.NewWriter(io.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "SEQUENCE\tUTC\tCLINIC\tREASON\tTEXT")
	for _, r := range list {
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\n", r.Sequence, r.At.UTC().Format(rejectedAt), r.Clinic, r.Reason, visible(r.Text))
	}
	return tw.Flush()
}

type rejectedShowCmd struct {
	Sequence uint64 `arg:"" help:"Its sequence, as the list has it."`
	JSON     bool   `name:"json" help:"Print JSON, as docs/commands.md describes it."`
}

// Run shows one rejected message.
func (c rejectedShowCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	r, err := op.GetRejected(ctx, c.Sequence)
	if errors.Is(err, app.ErrNotRejected) {
		return fmt.Errorf("no rejected message has the sequence %d; `mooring rejected list` has those there are", c.Sequence)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(io.out, rejectedForPrograms(r))
	}
	tw := tabwriter.NewWriter(io.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(tw, "Sequence\t%d\n", r.Sequence)
	fmt.Fprintf(tw, "Rejected\t%s UTC\n", r.At.UTC().Format(rejectedAt))
	fmt.Fprintf(tw, "Reason\t%s: %s\n", r.Reason, visible(r.Text))
	fmt.Fprintf(tw, "Subject\t%s\n", visible(r.Origin))
	if r.Key != "" {
		fmt.Fprintf(tw, "Client key\t%s\n", r.Key)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			fmt.Fprintf(tw, "Header\t%s: %s\n", visible(name), visible(v))
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "Body, %d bytes:\n\n%s\n", len(r.Body), readable(r.Body))
	return err
}

type rejectedReplayCmd struct {
	Sequences []uint64 `arg:"" name:"sequence" help:"Their sequences, as the list has them."`
}

// Run sends rejected messages again. Each is judged anew; the rejected copy
// stays where it is.
func (c rejectedReplayCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	failed := 0
	for _, seq := range c.Sequences {
		if err := op.ReplayRejected(ctx, seq); err != nil {
			fmt.Fprintln(io.err, "mooring:", err)
			failed++
			continue
		}
		fmt.Fprintf(io.out, "%d was sent again.\n", seq)
	}
	if sent := len(c.Sequences) - failed; sent > 0 && !op.Running() {
		fmt.Fprintln(io.out, "Mooring is stopped; it is judged anew at the next start.")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d were not sent again", failed, len(c.Sequences))
	}
	return nil
}

// rejectedJSON is a rejected message for programs; docs/commands.md describes
// it. A list has neither header nor body.
type rejectedJSON struct {
	Sequence uint64              `json:"sequence"`
	At       time.Time           `json:"at"`
	Clinic   string              `json:"clinic"`
	Key      string              `json:"key,omitempty"`
	Reason   string              `json:"reason"`
	Text     string              `json:"text"`
	Subject  string              `json:"subject"`
	Header   map[string][]string `json:"header,omitempty"`
	// Body is text; what is no UTF-8 stands in BodyBase64.
	Body       string `json:"body,omitempty"`
	BodyBase64 []byte `json:"body_base64,omitempty"`
}

func rejectedForPrograms(r app.Rejected) rejectedJSON {
	out := rejectedJSON{
		Sequence: r.Sequence, At: r.At, Clinic: r.Clinic, Key: r.Key,
		Reason: string(r.Reason), Text: r.Text, Subject: r.Origin, Header: r.Header,
	}
	if utf8.Valid(r.Body) {
		out.Body = string(r.Body)
	} else {
		out.BodyBase64 = r.Body
	}
	return out
}

// readable is a body for the terminal: JSON indented, anything else as it is.
func readable(body []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err == nil {
		return visible(b.String())
	}
	return visible(string(body))
}

// visible shows a stranger's control characters instead of obeying them.
func visible(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
