package workflows

import (
	"math"
	"strconv"
	"strings"
	"time"

	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/mooring-care/mooring/events"
)

// Words says a condition in plain words, for people who read no code: "the client
// cancelled, and there is no safety flag". What it has no words for it gives as it
// stands in the file. A nil condition is "".
func (c *Condition) Words() string {
	if c == nil {
		return ""
	}
	l, err := conditionLanguage()
	if err != nil {
		return c.Text
	}
	parsed, issues := l.env.Parse(c.Text)
	if issues.Err() != nil {
		return c.Text
	}
	words, ok := say(part{parsed.NativeRep().Expr(), false})
	if !ok {
		return c.Text
	}
	return words
}

// part is an expression, or its contrary.
type part struct {
	e   celast.Expr
	not bool
}

// bare is a part without its negations.
func (p part) bare() part {
	for p.e.Kind() == celast.CallKind && p.e.AsCall().FunctionName() == operators.LogicalNot {
		p = part{p.e.AsCall().Args()[0], !p.not}
	}
	return p
}

// chain takes a part apart that is joined by "and" or by "or", where "not (a and b)" is
// "not a, or not b". The operator is "" for one that is not.
func (p part) chain() (operator string, parts []part) {
	bare := p.bare()
	if bare.e.Kind() != celast.CallKind {
		return "", nil
	}
	call := bare.e.AsCall()
	switch f := call.FunctionName(); f {
	case operators.LogicalAnd, operators.LogicalOr:
		operator = pick((f == operators.LogicalAnd) != bare.not, "and", "or")
	default:
		return "", nil
	}
	for _, a := range call.Args() {
		inner := part{a, bare.not}
		if same, list := inner.chain(); same == operator {
			parts = append(parts, list...)
			continue
		}
		parts = append(parts, inner)
	}
	return operator, parts
}

// say puts an expression that is true or false into words, or its contrary.
func say(p part) (string, bool) {
	if operator, parts := p.chain(); operator != "" {
		var words []string
		for _, one := range parts {
			said, ok := say(one)
			if !ok {
				return "", false
			}
			if inner, _ := one.chain(); inner != "" {
				said = "(" + said + ")"
			}
			words = append(words, said)
		}
		return joined(words, operator), true
	}
	p = p.bare()
	switch p.e.Kind() {
	case celast.IdentKind:
		yes, no, ok := sayFact(p.e.AsIdent())
		return pick(p.not, no, yes), ok
	case celast.LiteralKind:
		b, ok := p.e.AsLiteral().(types.Bool)
		return pick(bool(b) == p.not, "never", "always"), ok
	case celast.CallKind:
	default:
		return "", false
	}
	call := p.e.AsCall()
	args := call.Args()
	switch f := call.FunctionName(); f {
	case operators.Equals, operators.NotEquals:
		return equals(args[0], args[1], (f == operators.NotEquals) != p.not)
	case operators.In, operators.OldIn:
		return in(args[0], args[1], p.not)
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return compares(args[0], args[1], f, p.not)
	}
	return "", false
}

// equals says that a fact is, or is not, one value.
func equals(a, b celast.Expr, not bool) (string, bool) {
	if a.Kind() == celast.LiteralKind {
		a, b = b, a
	}
	if n, ok := literalInt(b); ok {
		return counts(a, pick(not, operators.NotEquals, operators.Equals), n)
	}
	value, ok := literalString(b)
	if !ok || a.Kind() != celast.IdentKind {
		return "", false
	}
	return sayValues(a.AsIdent(), []string{value}, not)
}

// in says that a fact is one of several values, or holds one.
func in(a, b celast.Expr, not bool) (string, bool) {
	if value, ok := literalString(a); ok && b.Kind() == celast.IdentKind {
		return sayValues(b.AsIdent(), []string{value}, not)
	}
	if a.Kind() != celast.IdentKind || b.Kind() != celast.ListKind {
		return "", false
	}
	var values []string
	for _, e := range b.AsList().Elements() {
		value, ok := literalString(e)
		if !ok {
			return "", false
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		return "", false
	}
	return sayValues(a.AsIdent(), values, not)
}

// contrary is the comparison that holds where another does not.
func contrary(operator string) string {
	switch operator {
	case operators.Less:
		return operators.GreaterEquals
	case operators.LessEquals:
		return operators.Greater
	case operators.Greater:
		return operators.LessEquals
	}
	return operators.Less
}

// turned is the comparison with its sides changed.
func turned(operator string) string {
	switch operator {
	case operators.Less:
		return operators.Greater
	case operators.LessEquals:
		return operators.GreaterEquals
	case operators.Greater:
		return operators.Less
	}
	return operators.LessEquals
}

func compares(a, b celast.Expr, operator string, not bool) (string, bool) {
	if not {
		operator = contrary(operator)
	}
	if _, ok := literalInt(a); ok {
		a, b, operator = b, a, turned(operator)
	}
	if n, ok := literalInt(b); ok {
		return counts(a, operator, n)
	}
	span, ok := literalDuration(b)
	if !ok || a.Kind() != celast.IdentKind || a.AsIdent() != "notice" {
		return "", false
	}
	words := "the notice is " + bound(operator) + " " + SpanWords(span)
	if operator == operators.Less || operator == operators.LessEquals {
		words += " or not known" // which is -1s
	}
	return words, true
}

// counts says how often something happened, or how long ago.
func counts(e celast.Expr, operator string, n int64) (string, bool) {
	if e.Kind() != celast.CallKind {
		return "", false
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case countName:
		kind, _ := literalString(args[1])
		span, _ := literalInt(args[2])
		one, many, ok := OccurrenceWords(events.Kind(kind))
		return there(number(operator, n, one, many)) + " in " + SpanWords(time.Duration(span)), ok
	case lateName:
		notice, _ := literalInt(args[1])
		span, _ := literalInt(args[2])
		with := " with less than " + SpanWords(time.Duration(notice)) + "’ notice in " + SpanWords(time.Duration(span))
		return there(number(operator, n, "cancellation", "cancellations")) + with, true
	case daysSinceName:
		kind, _ := literalString(args[1])
		one, _, ok := OccurrenceWords(events.Kind(kind))
		return daysSince(operator, n, one), ok
	}
	return "", false
}

// daysSince says how long ago something last happened; -1 is never, so "at most" holds
// for never, too.
func daysSince(operator string, n int64, one string) string {
	days := func(n int64) string { return pick(n == 1, "1 day", strconv.FormatInt(n, 10)+" days") }
	least, most := n, n
	switch operator {
	case operators.Equals, operators.NotEquals:
	case operators.Less, operators.LessEquals:
		least, most = -1, pickInt(operator == operators.Less, n-1, n)
	default:
		least, most = pickInt(operator == operators.Greater, n+1, n), math.MaxInt64
	}
	never, always := "there was never a "+one, "there was a "+one+" before"
	switch {
	case operator == operators.NotEquals && n == -1:
		return always
	case operator == operators.NotEquals:
		return "the last " + one + " was not exactly " + days(n) + " ago"
	case most < -1 || least == most && least < -1:
		return "never"
	case most == -1:
		return never
	case operator == operators.Equals:
		return "the last " + one + " was exactly " + days(n) + " ago"
	case most == math.MaxInt64 && least < 0:
		return "always"
	case most == math.MaxInt64 && least == 0:
		return always
	case most == math.MaxInt64:
		return "the last " + one + " was " + days(least) + " ago or more"
	}
	return "the last " + one + " was at most " + days(most) + " ago, or there was none"
}

func pickInt(yes bool, a, b int64) int64 {
	if yes {
		return a
	}
	return b
}

// there puts a verb before a number of things.
func there(count string) string {
	for f := range strings.FieldsSeq(count) {
		if n, err := strconv.Atoi(f); err == nil && n != 1 {
			return "there were " + count
		}
	}
	return "there was " + count
}

// number says a comparison with a whole number: "2 no-shows or more".
func number(operator string, n int64, one, many string) string {
	count := func(n int64) string {
		if n == 1 {
			return "1 " + one
		}
		return strconv.FormatInt(n, 10) + " " + many
	}
	switch {
	case operator == operators.Equals && n == 0, operator == operators.Less && n == 1, operator == operators.LessEquals && n == 0:
		return "no " + one
	case operator == operators.Greater && n == 0, operator == operators.GreaterEquals && n == 1, operator == operators.NotEquals && n == 0:
		return "a " + one
	case operator == operators.Equals:
		return "exactly " + count(n)
	case operator == operators.NotEquals:
		return "not exactly " + count(n)
	case operator == operators.GreaterEquals:
		return count(n) + " or more"
	}
	return bound(operator) + " " + count(n)
}

// bound says a comparison.
func bound(operator string) string {
	switch operator {
	case operators.Less:
		return "less than"
	case operators.LessEquals:
		return "at most"
	case operators.Greater:
		return "more than"
	}
	return "at least"
}

func literalInt(e celast.Expr) (int64, bool) {
	if e.Kind() != celast.LiteralKind {
		return 0, false
	}
	n, ok := e.AsLiteral().(types.Int)
	return int64(n), ok
}

// literalDuration is a span as the macro duration writes it.
func literalDuration(e celast.Expr) (time.Duration, bool) {
	if e.Kind() != celast.CallKind || e.AsCall().FunctionName() != "duration" || len(e.AsCall().Args()) != 1 {
		return 0, false
	}
	text, ok := literalString(e.AsCall().Args()[0])
	if !ok {
		return 0, false
	}
	span, err := time.ParseDuration(text)
	return span, err == nil
}

// SpanWords is a span as people say it: "60 days", "48 hours".
func SpanWords(d time.Duration) string {
	unit := func(n time.Duration, one string) string {
		if n == 1 {
			return "1 " + one
		}
		return strconv.FormatInt(int64(n), 10) + " " + one + "s"
	}
	day := 24 * time.Hour
	switch {
	case d >= 3*day && d%day == 0:
		return unit(d/day, "day")
	case d >= time.Hour && d%time.Hour == 0:
		return unit(d/time.Hour, "hour")
	case d%time.Minute == 0 && d < time.Hour:
		return unit(d/time.Minute, "minute")
	}
	return FormatDuration(d)
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// joined is a list as people say it.
func joined(parts []string, last string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	end := len(parts) - 1
	return strings.Join(parts[:end], ", ") + ", " + last + " " + parts[end]
}
