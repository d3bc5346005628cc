package workflows

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/mooring-care/mooring/events"
)

// mostWorlds bounds how many combinations of facts are tried. Conditions that tell
// apart more are left undecided.
const mostWorlds = 1 << 14

// mostListed bounds the words that conditions look for in one list.
const mostListed = 4

// worlds evaluates conditions under every combination of facts that they can tell
// apart: a row for each combination, a column for each condition. Facts that a client
// cannot have at once may stand in a row, and none that a client can have is left out:
// so what holds in no row never holds. kinds are the kinds of event that can be the one
// decided on; none means any. ok is false where a condition asks in a way that is not
// tried, or the combinations are too many.
func worlds(conditions []*Condition, kinds []events.Kind) (rows [][]bool, ok bool) {
	l, err := conditionLanguage()
	if err != nil {
		return nil, false
	}
	a := &inquiry{l: l, of: map[string]*domain{}}
	programs := make([]cel.Program, len(conditions))
	for i, c := range conditions {
		checked, issues := l.env.Compile(c.Text)
		if issues.Err() != nil || !a.about(checked.NativeRep().Expr()) {
			return nil, false
		}
		if programs[i], err = l.env.Program(checked, cel.CostLimit(maxConditionCost)); err != nil {
			return nil, false
		}
	}
	names, ok := a.names(kinds)
	if !ok {
		return nil, false
	}
	w := &world{value: map[string]ref.Val{}}
	decided := a.each(names, w, func() bool {
		row := make([]bool, len(programs))
		for i, p := range programs {
			out, _, err := p.Eval(w)
			holds, isBool := out.(types.Bool)
			if err != nil || !isBool {
				return false
			}
			row[i] = bool(holds)
		}
		rows = append(rows, row)
		return true
	})
	return rows, decided
}

// domain is what conditions tell apart of one fact or one count.
type domain struct {
	fact    fact
	texts   []string
	numbers []int64
	// span is what a count looks back; kind what it counts, with notice.
	kind string
	span int64
	// values are one for each answer that makes a difference.
	values []ref.Val
}

// inquiry collects what conditions ask about, by the name of a fact or by what is
// counted.
type inquiry struct {
	l  *language
	of map[string]*domain
}

func (a *inquiry) fact(name string) *domain {
	if a.of[name] == nil {
		a.of[name] = &domain{fact: a.l.facts[name]}
	}
	return a.of[name]
}

// about takes up what an expression that is true or false asks about; false where it
// asks in a way that is not tried.
func (a *inquiry) about(e celast.Expr) bool {
	switch e.Kind() {
	case celast.LiteralKind:
		return true
	case celast.IdentKind:
		return a.plain(e)
	case celast.CallKind:
	default:
		return false
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		return !slices.ContainsFunc(args, func(arg celast.Expr) bool { return !a.about(arg) })
	case operators.Equals, operators.NotEquals, operators.In, operators.OldIn,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return a.compared(args[0], args[1]) || a.compared(args[1], args[0])
	}
	return constant(e)
}

// plain takes up a fact that is yes or no.
func (a *inquiry) plain(e celast.Expr) bool {
	f, known := a.l.facts[e.AsIdent()]
	if known = known && f.typ.IsExactType(cel.BoolType); known {
		a.fact(f.name)
	}
	return known
}

// constant says that an expression asks about nothing.
func constant(e celast.Expr) bool {
	asks := false
	celast.PreOrderVisit(e, celast.NewExprVisitor(func(e celast.Expr) { asks = asks || e.Kind() == celast.IdentKind }))
	return !asks
}

// compared takes up a fact or count that is compared with what is written out.
func (a *inquiry) compared(e, with celast.Expr) bool {
	if !constant(with) {
		return false
	}
	if e.Kind() == celast.CallKind {
		d := a.counted(e.AsCall())
		n, ok := literalInt(with)
		if d == nil || !ok {
			return constant(e)
		}
		d.numbers = append(d.numbers, n)
		return true
	}
	if e.Kind() != celast.IdentKind {
		return constant(e)
	}
	f := a.l.facts[e.AsIdent()]
	switch {
	case f.name == "":
		return false
	case f.typ.IsExactType(cel.BoolType):
		a.fact(f.name)
		return true
	case f.typ.IsExactType(cel.DurationType):
		span, ok := literalDuration(with)
		d := a.fact(f.name)
		d.numbers = append(d.numbers, int64(span))
		return ok
	}
	texts := []celast.Expr{with}
	if with.Kind() == celast.ListKind {
		if f.isList() {
			return false // a whole list is compared, or held by another
		}
		texts = with.AsList().Elements()
	}
	d := a.fact(f.name)
	for _, t := range texts {
		text, ok := literalString(t)
		if !ok {
			return false
		}
		if !slices.Contains(d.texts, text) {
			d.texts = append(d.texts, text)
		}
	}
	return true
}

// counted takes up a call of count, late_cancellations or days_since; nil for another.
func (a *inquiry) counted(call celast.CallExpr) *domain {
	key, args := call.FunctionName(), call.Args()
	d := &domain{}
	switch key {
	case countName, lateName:
		d.span, _ = literalInt(args[2])
		if notice, ok := literalInt(args[1]); ok {
			d.kind = key + "|" + time.Duration(notice).String()
		} else {
			text, _ := literalString(args[1])
			d.kind = key + "|" + text
		}
		key = d.kind + "|" + time.Duration(d.span).String()
	case daysSinceName:
		text, _ := literalString(args[1])
		key += "|" + text
	default:
		return nil
	}
	if a.of[key] == nil {
		a.of[key] = d
	}
	return a.of[key]
}

// noticeFacts follow from one another.
func noticeFacts() []string { return []string{"notice", "notice_known", "late", "same_day"} }

// names settles the values of everything that is asked about, and lists it; false
// where the combinations are too many.
func (a *inquiry) names(kinds []events.Kind) ([]string, bool) {
	if slices.ContainsFunc(noticeFacts(), func(name string) bool { return a.of[name] != nil }) {
		notice := a.fact("notice")
		for _, name := range noticeFacts()[1:] {
			delete(a.of, name)
		}
		notice.numbers = append(notice.numbers, int64(lateNotice), int64(sameDayNotice))
	}
	names := make([]string, 0, len(a.of))
	combinations := 1
	for name, d := range a.of {
		if d.fact.name != "" && d.fact.isList() && len(d.texts) > mostListed {
			return nil, false
		}
		d.settle(name, kinds)
		if combinations *= len(d.values); combinations > mostWorlds {
			return nil, false
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, true
}

// settle lists one value for each answer that makes a difference.
func (d *domain) settle(name string, kinds []events.Kind) {
	f := d.fact
	switch {
	case f.name == "":
		// A feed's count is at most CountedAtMost; days are at most those that are kept,
		// and -1 for never.
		least, most := int64(0), int64(CountedAtMost)
		switch {
		case strings.HasPrefix(d.kind, lateName):
			most = keptAppointments + 1 // before the oldest is forgotten
		case d.kind == "":
			least, most = -1, int64(LookBack/(24*time.Hour))
		}
		for _, n := range around(append(d.numbers, least, most), 1) {
			if n >= least && n <= most {
				d.values = append(d.values, types.Int(n))
			}
		}
	case f.name == "notice":
		d.values = []ref.Val{types.String(unknown)}
		for _, n := range around(d.numbers, int64(time.Second)) {
			d.values = append(d.values, types.Duration{Duration: time.Duration(n)})
		}
	case f.typ.IsExactType(cel.BoolType):
		d.values = []ref.Val{types.False, types.True}
	case f.isList():
		for set := range 1 << len(d.texts) {
			var held []string
			for i, text := range d.texts {
				if set&(1<<i) != 0 {
					held = append(held, text)
				}
			}
			d.values = append(d.values, types.NewStringList(types.DefaultTypeAdapter, held))
		}
	default:
		d.settleTexts(name, kinds)
	}
}

// settleTexts lists the texts that are asked for and can be, and one that is not.
func (d *domain) settleTexts(name string, kinds []events.Kind) {
	can := d.fact.values
	switch {
	case name == "kind" && len(kinds) > 0:
		can = nil
		for _, k := range kinds {
			can = append(can, string(k))
		}
	case name == "kind", slices.Contains(can, unknown): // something is always said
	case can == nil:
		can = append(slices.Clone(d.texts), "", "\x00")
	default:
		can = append(slices.Clone(can), "")
	}
	other := false
	for _, text := range can {
		if slices.Contains(d.texts, text) {
			d.values = append(d.values, types.String(text))
		} else if !other {
			other = true
			d.values = append(d.values, types.String(text))
		}
	}
}

// around lists each number, the one before and the one after.
func around(numbers []int64, step int64) []int64 {
	var out []int64
	for _, n := range numbers {
		out = append(out, n-step, n, n+step)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// each puts every combination into the world, and ends with false when then does.
func (a *inquiry) each(names []string, w *world, then func() bool) bool {
	if len(names) == 0 {
		return !a.can(w) || then()
	}
	for _, v := range a.of[names[0]].values {
		w.set(names[0], v)
		if !a.each(names[1:], w, then) {
			return false
		}
	}
	return true
}

// can refuses a combination in which more happened in a shorter span.
func (a *inquiry) can(w *world) bool {
	for long, d := range a.of {
		for short, e := range a.of {
			if d.kind != "" && d.kind == e.kind && e.span < d.span && cmp.Compare(number64(w.value[short]), number64(w.value[long])) > 0 {
				return false
			}
		}
	}
	return true
}

func number64(v ref.Val) int64 {
	n, _ := v.(types.Int)
	return int64(n)
}

// world is one combination of facts.
type world struct{ value map[string]ref.Val }

func (w *world) set(name string, v ref.Val) {
	if name != "notice" {
		w.value[name] = v
		return
	}
	// As factList has them.
	span, known := v.(types.Duration)
	if !known {
		span.Duration = -time.Second
	}
	w.value["notice"], w.value["notice_known"] = span, types.Bool(known)
	w.value["late"] = types.Bool(known && span.Duration < lateNotice)
	w.value["same_day"] = types.Bool(known && span.Duration < sameDayNotice)
}

// ResolveName is the value of a name.
func (w *world) ResolveName(name string) (any, bool) {
	if name == factsName {
		return (*factsValue)(&Facts{
			Count: func(k events.Kind, within time.Duration) int {
				return int(number64(w.value[countName+"|"+string(k)+"|"+within.String()]))
			},
			LateCancellations: func(notice, within time.Duration) int {
				return int(number64(w.value[lateName+"|"+notice.String()+"|"+within.String()]))
			},
			DaysSince: func(k events.Kind) int {
				return int(number64(w.value[daysSinceName+"|"+string(k)]))
			},
		}), true
	}
	v, ok := w.value[name]
	return v, ok
}

// Parent is nil: there is no outer scope.
func (w *world) Parent() interpreter.Activation { return nil }
