// Package axe asks axe-core what keeps people out of the page that a browser
// shows: people who use a keyboard, a screen reader, large type or high contrast.
//
// axe.min.js is axe-core 4.14.1 by Deque Systems, unchanged from the npm package
// of that name, under the Mozilla Public License 2.0 (LICENSE; what it bundles
// is in LICENSE-3RD-PARTY.txt). Only tests use it: no program that leaves this
// repository contains it.
package axe

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

//go:embed axe.min.js
var source string

// tags are the rules that are asked: WCAG 2.0 to 2.2, levels A and AA, and what
// axe-core calls best practice.
func tags() []string {
	return []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}
}

// violation is what axe-core found by one rule.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target         []any
		FailureSummary string
	}
}

// result is axe-core's answer.
type result struct {
	Violations []violation
	Passes     int
}

// Check looks at the page in the tab of ctx, as it is laid out now, and returns
// a line for each thing to mend: the rule, how bad it is, where, and how. It
// speaks to the page through the browser, which no policy of the page's stops.
//
// The page must let scripts run: axe-core is one. Where they are switched off, or
// shut in a sandbox, it would wait for ever, and Check fails after a minute.
//
// Rules named in except are not asked; say why where you name one.
//
// Frames are left out: what a frame shows is another document, to be opened and
// checked by itself.
func Check(ctx context.Context, except ...string) ([]string, error) {
	r, err := run(ctx, except)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, v := range r.Violations {
		for _, n := range v.Nodes {
			found = append(found, fmt.Sprintf("%s (%s) at %s: %s: %s", v.ID, v.Impact, where(n.Target), v.Help, inOneLine(n.FailureSummary)))
		}
	}
	return found, nil
}

func run(ctx context.Context, except []string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	loaded, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof axe === "object"`))
	if err == nil && !loaded {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](source))
	}
	if err != nil {
		return result{}, fmt.Errorf("put axe-core into the page: %w", err)
	}
	rules := map[string]any{}
	for _, rule := range except {
		rules[rule] = map[string]bool{"enabled": false}
	}
	options, err := json.Marshal(map[string]any{
		"runOnly": map[string]any{"type": "tag", "values": tags()}, "rules": rules, "iframes": false,
		"resultTypes": []string{"violations"},
	})
	if err != nil {
		return result{}, fmt.Errorf("write axe-core's options: %w", err)
	}
	r, err := chromedp.Run(ctx, chromedp.Evaluate[result](
		`axe.run(document, `+string(options)+`).then((r) => ({Violations: r.violations, Passes: r.passes.length}))`, chromedp.EvalAwaitPromise))
	if err != nil {
		return result{}, fmt.Errorf("run axe-core: %w", err)
	}
	if r.Passes == 0 {
		return result{}, fmt.Errorf("run axe-core: it found nothing to look at")
	}
	return r, nil
}

// where is a target as axe-core gives it: a selector, or a list of them where
// frames or shadow trees lie between.
func where(target []any) string {
	parts := make([]string, 0, len(target))
	for _, t := range target {
		parts = append(parts, fmt.Sprint(t))
	}
	return strings.Join(parts, " ")
}

func inOneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
