package workflows

import (
	"fmt"
	"slices"
	"time"

	"github.com/mooring-care/mooring/events"
	"github.com/mooring-care/mooring/workflows/finding"
)

// longestJourney is how long a journey may last by its own waits before somebody
// should ask whether it ends.
const longestJourney = 2 * 366 * 24 * time.Hour

// Lint says what can be read in a workflow's file and can hardly be meant: conditions
// that never or always hold, steps that no journey comes to, waits longer than a
// client's past is kept, and a journey without an end in sight. It refuses nothing: a
// file that was read yesterday is read tomorrow. Of a file with errors it says nothing;
// ReadWorkflow does. name is the file's, as findings give it.
func Lint(name string, src []byte) finding.List {
	f, errs := readWorkflow(name, src, true)
	if len(errs) > 0 {
		return nil
	}
	l := &linter{file: name}
	w := f.workflow
	l.alone(f.startWhen, w.Start.When, startKinds(&w.Start), "no journey begins", finding.Warning)
	for i, s := range w.Stops {
		always := finding.Warning
		if len(s.On) == 0 {
			always = finding.Error // every journey ends as it begins
		}
		l.alone(f.stopWhen[i], s.When, s.On, "nothing is stopped", always)
	}
	if g := w.Goal; g != nil {
		l.alone(f.goalWhen, g.When, g.On, "the goal is never reached", finding.Warning)
	}
	l.steps(f.steps, stretch{})
	return l.found.Sort()
}

// startKinds are the kinds of event that a start's condition is asked of; none means
// any.
func startKinds(s *Start) []events.Kind {
	if s.Absence != nil {
		return nil
	}
	return s.On
}

// linter collects what is found in one file.
type linter struct {
	file  string
	found finding.List
	// long says that the journey's length has been spoken of.
	long bool
}

func (l *linter) add(rule string, level finding.Level, at place, message, mend string) {
	l.found = append(l.found, finding.Finding{
		Rule: rule, Level: level, File: l.file, Line: max(at.line, 1), Column: max(at.column, 1), Message: message, Mend: mend,
	})
}

// holds counts rows of worlds in which something is so: in none, some or all of them.
func holds(rows [][]bool, so func(row []bool) bool) (never, always bool) {
	n := 0
	for _, row := range rows {
		if so(row) {
			n++
		}
	}
	return n == 0, n == len(rows)
}

// alone looks at a condition that stands by itself.
func (l *linter) alone(at place, when *Condition, kinds []events.Kind, otherwise string, level finding.Level) {
	if when == nil {
		return
	}
	rows, ok := worlds([]*Condition{when}, kinds)
	if !ok {
		return
	}
	switch never, always := holds(rows, func(row []bool) bool { return row[0] }); {
	case never:
		l.add(finding.ConstantCondition, finding.Error, at, fmt.Sprintf("%#q never holds, so %s", shorten(when.Text), otherwise), "correct the condition")
	case always && level == finding.Error:
		l.add(finding.ConstantCondition, level, at, fmt.Sprintf("%#q always holds, so every journey ends as soon as it begins", shorten(when.Text)), "correct the condition, or remove the stop")
	case always:
		l.add(finding.ConstantCondition, level, at, fmt.Sprintf("%#q always holds", shorten(when.Text)), "leave `when` out, or correct it")
	}
}

func allEnd(lists [][]*tree) bool {
	return !slices.ContainsFunc(lists, func(list []*tree) bool { return !listEnds(list) })
}

// branches looks at the conditions of a choose step, from top to bottom, and says whether
// they leave nobody over.
func (l *linter) branches(t *tree) bool {
	var conditions []*Condition
	for _, b := range t.step.Choose.Branches {
		conditions = append(conditions, b.When)
	}
	rows, together := worlds(conditions, nil)
	taken := false // some branch always holds
	for i, c := range conditions {
		own := rows
		column := i
		if !together {
			var ok bool
			if own, ok = worlds([]*Condition{c}, nil); !ok {
				continue
			}
			column = 0
		}
		never, always := holds(own, func(row []bool) bool { return row[column] })
		left, _ := holds(rows, func(row []bool) bool { return row[i] && !anyOf(row[:i]) })
		text := shorten(c.Text)
		switch {
		case never:
			l.add(finding.ConstantCondition, finding.Error, t.whenAt[i], fmt.Sprintf("%#q never holds, so the steps below it are never taken", text), "correct the condition, or remove the branch")
		case taken || together && left:
			l.add(finding.UnreachableStep, finding.Error, t.whenAt[i], fmt.Sprintf("this branch is never taken: wherever %#q holds, a condition above it does", text), "put the branch above the others, or remove it")
		case always:
			mend := "write `otherwise` with its steps in place of `when`, as the last branch"
			if len(conditions) == 1 {
				mend = "write the steps without `choose`, or correct the condition"
			}
			l.add(finding.ConstantCondition, finding.Warning, t.whenAt[i], fmt.Sprintf("%#q always holds", text), mend)
		}
		taken = taken || always
	}
	_, covered := holds(rows, anyOf)
	nobody := taken || together && covered
	if !nobody || len(t.otherwise) == 0 {
		return nobody
	}
	level := finding.Error
	if !taken {
		level = finding.Warning // it may stand there for what nobody thought of
	}
	l.add(finding.UnreachableStep, level, t.otherwiseAt, "`otherwise` is never taken: the conditions above it leave nobody over", "correct them, or remove it")
	return nobody
}

func anyOf(row []bool) bool {
	for _, yes := range row {
		if yes {
			return true
		}
	}
	return false
}

// stretch is how long after its start a journey comes to a step, at the least and at
// the most. What is waited for by the start of an appointment, or until a human
// answers, counts as no time.
type stretch struct{ least, most time.Duration }

// steps looks at a list of steps, and says when a journey leaves it.
func (l *linter) steps(list []*tree, at stretch) stretch {
	for i, t := range list {
		switch t.step.Kind {
		case StepWait:
			at = l.wait(t, at)
		case StepChoose:
			nobody := l.branches(t)
			if nobody && len(t.otherwise) == 0 && i+1 < len(list) && allEnd(t.branches) {
				l.add(finding.UnreachableStep, finding.Error, list[i+1].saidAt, "no journey comes to this step: the conditions above leave nobody over, and all of their steps end", "let one of them go on, or remove what follows")
			}
			at = l.ways(at, append([][]*tree{t.otherwise}, t.branches...))
		case StepSplit:
			ways := t.branches
			if t.step.Split.HeldOut > 0 {
				ways = append([][]*tree{nil}, ways...)
			}
			at = l.ways(at, ways)
		}
	}
	return at
}

// ways is when a journey leaves a step with branches, whichever it took: those that end
// lead nowhere.
func (l *linter) ways(at stretch, ways [][]*tree) stretch {
	out, some := at, false
	for _, list := range ways {
		left := l.steps(list, at)
		switch {
		case listEnds(list):
		case some:
			out = out.or(left)
		default:
			out, some = left, true
		}
	}
	return out
}

func (s stretch) or(o stretch) stretch { return stretch{min(s.least, o.least), max(s.most, o.most)} }

func (l *linter) wait(t *tree, at stretch) stretch {
	w := t.step.Wait
	var long time.Duration
	over := at
	switch {
	case w.For > 0:
		long = w.For
		over = stretch{at.least + w.For, at.most + w.For}
	case w.SinceStart > 0:
		long = w.SinceStart - at.least
		over = stretch{max(at.least, w.SinceStart), max(at.most, w.SinceStart)}
	case w.After > 0:
		long = w.After
		over.most += w.After
	case w.Until != nil:
		over.most += 24 * time.Hour
	}
	if long > LookBack {
		l.add(finding.WaitBeyondRetention, finding.Error, t.saidAt,
			fmt.Sprintf("this waits %s, and what is known of a client's past is kept for %s", FormatDuration(long), FormatDuration(LookBack)),
			fmt.Sprintf("write at most %s", FormatDuration(w.longestFrom(at))))
	}
	if over.most > longestJourney && !l.long {
		l.long = true
		l.add(finding.EndlessJourney, finding.Warning, t.saidAt,
			fmt.Sprintf("with this wait the journey may last %s", FormatDuration(over.most)), "end it earlier; what follows can be a workflow of its own")
	}
	if len(w.On) == 0 {
		return over
	}
	// What is waited for may come at once.
	came := l.steps(t.onEvent, stretch{at.least, over.most})
	if !w.limited() {
		return came
	}
	return came.or(l.steps(t.onLimit, over))
}

// longestFrom is what a wait may say at most where a journey comes to it then.
func (w *WaitStep) longestFrom(at stretch) time.Duration {
	if w.SinceStart > 0 {
		return at.least + LookBack
	}
	return LookBack
}
