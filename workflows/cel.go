package workflows

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/mooring-care/mooring/events"
)

// The bounds of a condition. There is no loop in the language (the macros that
// fold over lists are left out), so its cost is bounded by its text; the cost
// limit says the same once more where it is evaluated.
const (
	maxConditionText  = 1000
	maxConditionDepth = 40
	maxConditionCost  = 5000
)

// The names behind the macros; no file can write them.
const (
	factsName     = "@facts"
	countName     = "@count"
	daysSinceName = "@days_since"
	lateName      = "@late_cancellations"
)

var factsType = types.NewOpaqueType("mooring.facts") //nolint:gochecknoglobals // never written again

// language is the compiled environment; it is made once and never written
// again.
type language struct {
	env   *cel.Env
	facts map[string]fact
	names []string // of facts and functions, for suggestions
}

var conditionLanguage = sync.OnceValues(func() (*language, error) { //nolint:gochecknoglobals // never written again
	l := &language{facts: map[string]fact{}, names: []string{"count", "days_since", "duration", "late_cancellations"}}
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(conditionFunctions())),
		cel.ClearMacros(),
		cel.Macros(
			cel.GlobalMacro("count", 2, expandCount),
			cel.GlobalMacro("days_since", 1, expandDaysSince),
			cel.GlobalMacro("duration", 1, expandDuration),
			cel.GlobalMacro("late_cancellations", 2, expandLate),
		),
		cel.ParserRecursionLimit(maxConditionDepth),
		cel.ParserExpressionSizeLimit(maxConditionText),
		cel.ASTValidators(cel.ValidateHomogeneousAggregateLiterals()),
		cel.Variable(factsName, factsType),
		cel.Function(countName, cel.Overload("facts_count", []*cel.Type{factsType, cel.StringType, cel.IntType},
			cel.IntType, cel.FunctionBinding(callCount))),
		cel.Function(daysSinceName, cel.Overload("facts_days_since", []*cel.Type{factsType, cel.StringType},
			cel.IntType, cel.BinaryBinding(callDaysSince))),
		cel.Function(lateName, cel.Overload("facts_late_cancellations", []*cel.Type{factsType, cel.IntType, cel.IntType},
			cel.IntType, cel.FunctionBinding(callLate))),
	}
	for _, f := range factList() {
		l.facts[f.name] = f
		l.names = append(l.names, f.name)
		opts = append(opts, cel.Variable(f.name, f.typ))
	}
	var err error
	l.env, err = cel.NewCustomEnv(opts...)
	return l, err
})

// conditionFunctions is the part of CEL's standard library that conditions
// may use: nothing that loops, converts or fails on odd input.
func conditionFunctions() *env.LibrarySubset {
	var fns []*env.Function
	for _, name := range []string{
		operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional,
		operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.In, operators.Add, operators.Subtract, operators.Negate,
		"size", "startsWith", "duration",
	} {
		fns = append(fns, env.NewFunction(name))
	}
	return env.NewLibrarySubset().SetDisableMacros(true).AddIncludedFunctions(fns...)
}

// literalString is the text of an argument that must be written out, so that
// it can be checked when the file is read.
func literalString(e celast.Expr) (string, bool) {
	if e.Kind() != celast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func countedKind(eh cel.MacroExprFactory, function string, arg celast.Expr) (string, *common.Error) {
	text, ok := literalString(arg)
	if !ok {
		return "", eh.NewError(arg.ID(), function+" needs the event kind as a text in quotes, such as \"appointment.noshow\"")
	}
	if Counted(events.Kind(text)) {
		return text, nil
	}
	counted := countedKinds()
	if _, known := events.Lookup(events.Kind(text)); known {
		return "", eh.NewError(arg.ID(), fmt.Sprintf("%s cannot ask for %#q; it knows %s", function, text, listing(counted)))
	}
	return "", eh.NewError(arg.ID(), "unknown event kind "+quoteWithSuggestion(text, counted))
}

func expandCount(eh cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
	kind, cerr := countedKind(eh, "count", args[0])
	if cerr != nil {
		return nil, cerr
	}
	span, cerr := literalSpan(eh, "count", args[1])
	if cerr != nil {
		return nil, cerr
	}
	return eh.NewCall(countName, eh.NewIdent(factsName), eh.NewLiteral(types.String(kind)), eh.NewLiteral(types.Int(span))), nil
}

// literalSpan is a span that must be written out, at most LookBack.
func literalSpan(eh cel.MacroExprFactory, function string, arg celast.Expr) (time.Duration, *common.Error) {
	text, ok := literalString(arg)
	if !ok {
		return 0, eh.NewError(arg.ID(), function+" needs its span as a text in quotes, such as \"60d\"")
	}
	span, err := ParseDuration(text)
	if err != nil {
		return 0, eh.NewError(arg.ID(), err.Error())
	}
	if span > LookBack {
		return 0, eh.NewError(arg.ID(), fmt.Sprintf("%s looks back at most %s; write a shorter span than %#q", function, FormatDuration(LookBack), text))
	}
	return span, nil
}

func expandLate(eh cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
	notice, cerr := literalSpan(eh, "late_cancellations", args[0])
	if cerr != nil {
		return nil, cerr
	}
	span, cerr := literalSpan(eh, "late_cancellations", args[1])
	if cerr != nil {
		return nil, cerr
	}
	return eh.NewCall(lateName, eh.NewIdent(factsName), eh.NewLiteral(types.Int(notice)), eh.NewLiteral(types.Int(span))), nil
}

func expandDaysSince(eh cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
	kind, cerr := countedKind(eh, "days_since", args[0])
	if cerr != nil {
		return nil, cerr
	}
	return eh.NewCall(daysSinceName, eh.NewIdent(factsName), eh.NewLiteral(types.String(kind))), nil
}

// expandDuration gives conditions the same notation for spans as the rest of
// the file has; CEL itself knows no days.
func expandDuration(eh cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
	text, ok := literalString(args[0])
	if !ok {
		return nil, eh.NewError(args[0].ID(), "duration needs a text in quotes, such as \"48h\"")
	}
	span, err := ParseDuration(text)
	if err != nil {
		return nil, eh.NewError(args[0].ID(), err.Error())
	}
	return eh.NewCall("duration", eh.NewLiteral(types.String(span.String()))), nil
}

func callCount(args ...ref.Val) ref.Val {
	f, ok1 := args[0].(*factsValue)
	kind, ok2 := args[1].(types.String)
	span, ok3 := args[2].(types.Int)
	if !ok1 || !ok2 || !ok3 || f.Count == nil {
		return types.NewErr("count is not provided")
	}
	return types.Int(f.Count(events.Kind(kind), time.Duration(span)))
}

func callLate(args ...ref.Val) ref.Val {
	f, ok1 := args[0].(*factsValue)
	notice, ok2 := args[1].(types.Int)
	span, ok3 := args[2].(types.Int)
	if !ok1 || !ok2 || !ok3 || f.LateCancellations == nil {
		return types.NewErr("late_cancellations is not provided")
	}
	return types.Int(f.LateCancellations(time.Duration(notice), time.Duration(span)))
}

func callDaysSince(facts, kind ref.Val) ref.Val {
	f, ok1 := facts.(*factsValue)
	k, ok2 := kind.(types.String)
	if !ok1 || !ok2 || f.DaysSince == nil {
		return types.NewErr("days_since is not provided")
	}
	return types.Int(f.DaysSince(events.Kind(k)))
}

// factsValue is Facts as CEL sees them: where names are resolved, and the
// hidden argument of the functions. It is the same memory, so that an
// evaluation copies nothing.
type factsValue Facts

// resolvers is factList by name, for evaluation.
var resolvers = sync.OnceValue(func() map[string]func(*Facts) (ref.Val, error) { //nolint:gochecknoglobals // never written again
	m := make(map[string]func(*Facts) (ref.Val, error))
	for _, f := range factList() {
		m[f.name] = f.get
	}
	return m
})

// ResolveName is the value of a name.
func (v *factsValue) ResolveName(name string) (any, bool) {
	if name == factsName {
		return v, true
	}
	get, ok := resolvers()[name]
	if !ok {
		return nil, false
	}
	val, err := get((*Facts)(v))
	if err != nil {
		return types.WrapErr(err), true
	}
	return val, true
}

// Parent is nil: there is no outer scope.
func (v *factsValue) Parent() interpreter.Activation { return nil }

// ConvertToNative refuses: facts never leave an evaluation.
func (v *factsValue) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("facts cannot be converted")
}

// ConvertToType refuses likewise.
func (v *factsValue) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("facts cannot be converted")
}

// Equal compares by identity.
func (v *factsValue) Equal(other ref.Val) ref.Val { return types.Bool(v == other) }

// Type is the opaque type of facts.
func (v *factsValue) Type() ref.Type { return factsType }

// Value is the facts themselves.
func (v *factsValue) Value() any { return (*Facts)(v) }

// conditionError is one thing wrong in a condition: Line counts from 1, Column
// from 0, in characters of the expression.
type conditionError struct {
	line, column int
	message      string
}

// compileCondition checks an expression and makes it ready to evaluate.
func compileCondition(text string) (*Condition, []conditionError) {
	fail := func(format string, args ...any) (*Condition, []conditionError) {
		return nil, []conditionError{{1, 0, fmt.Sprintf(format, args...)}}
	}
	if strings.TrimSpace(text) == "" {
		return fail("the condition is empty; write one, or leave the key out")
	}
	if len(text) > maxConditionText {
		return fail("the condition is %d characters long; at most %d are allowed", len(text), maxConditionText)
	}
	l, err := conditionLanguage()
	if err != nil {
		return fail("prepare the condition language: %v", err)
	}
	checked, issues := l.env.Compile(text)
	if issues.Err() != nil {
		return nil, l.explain(text, issues.Errors())
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return fail("the condition gives %s; it must be true or false, such as `flagged` or `risk == \"none\"`", typeWord(checked.OutputType().String()))
	}
	if wrong := l.checkLiterals(checked); len(wrong) > 0 {
		return nil, wrong
	}
	program, err := l.env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxConditionCost))
	if err != nil {
		return fail("prepare the condition: %v", err)
	}
	eval := func(f *Facts) (bool, error) {
		out, _, err := program.Eval((*factsValue)(f))
		if err != nil {
			return false, fmt.Errorf("evaluate condition %q: %w", text, err)
		}
		b, ok := out.(types.Bool)
		if !ok {
			return false, fmt.Errorf("evaluate condition %q: it gave no yes or no", text)
		}
		return bool(b), nil
	}
	return &Condition{Text: text, eval: eval}, nil
}

// checkLiterals finds texts that a fact can never be equal to, such as
// `risk == "hihg"`: a condition that never holds is worse than one that cannot
// be read.
func (l *language) checkLiterals(checked *cel.Ast) []conditionError {
	var wrong []conditionError
	info := checked.NativeRep().SourceInfo()
	complain := func(f fact, lit celast.Expr) {
		text, ok := literalString(lit)
		list := f.isList()
		// The empty text asks whether anything is known; no list holds it.
		if !ok || text == "" && !list || slices.Contains(f.values, text) {
			return
		}
		never := "is never"
		if list {
			never = "never holds"
		}
		at := info.GetStartLocation(lit.ID())
		what := fmt.Sprintf("%#q %s %s", f.name, never, quoteWithSuggestion(text, f.values))
		wrong = append(wrong, conditionError{at.Line(), at.Column(), what})
	}
	enumerated := func(e celast.Expr) (fact, bool) {
		if e.Kind() != celast.IdentKind {
			return fact{}, false
		}
		f, ok := l.facts[e.AsIdent()]
		return f, ok && f.values != nil
	}
	each := func(f fact, list celast.Expr) {
		if list.Kind() != celast.ListKind {
			return
		}
		for _, lit := range list.AsList().Elements() {
			complain(f, lit)
		}
	}
	celast.PreOrderVisit(checked.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.CallKind {
			return
		}
		call := e.AsCall()
		switch call.FunctionName() {
		case operators.Equals, operators.NotEquals:
			a, b := call.Args()[0], call.Args()[1]
			if f, ok := enumerated(a); ok {
				complain(f, b)
				each(f, b)
			}
			if f, ok := enumerated(b); ok {
				complain(f, a)
				each(f, a)
			}
		case operators.In:
			a, b := call.Args()[0], call.Args()[1]
			if f, ok := enumerated(a); ok {
				each(f, b)
			}
			if f, ok := enumerated(b); ok && f.isList() {
				complain(f, a)
			}
		}
	}))
	return wrong
}

// explain puts CEL's own findings into words that say what to do.
func (l *language) explain(text string, found []*common.Error) []conditionError {
	var out []conditionError
	lines := strings.Split(text, "\n")
	for _, e := range found {
		c := conditionError{e.Location.Line(), e.Location.Column(), l.words(e.Message)}
		// CEL places a call at its bracket; a reader looks for the name.
		if rest, ok := strings.CutPrefix(e.Message, undeclared); ok && c.line >= 1 && c.line <= len(lines) {
			name, _, _ := strings.Cut(rest, "'")
			runes := []rune(lines[c.line-1])
			if n := len([]rune(name)); c.column >= n && c.column <= len(runes) && string(runes[c.column-n:c.column]) == name {
				c.column -= n
			}
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// undeclared begins what CEL says about a name or function it does not know.
const undeclared = "undeclared reference to '"

func (l *language) words(message string) string {
	if rest, ok := strings.CutPrefix(message, undeclared); ok {
		name, _, _ := strings.Cut(rest, "'")
		switch shown := operatorWord(name); {
		case shown != name:
			return "`" + shown + "` is not part of the language; docs/workflows.md lists what is"
		case name == "count":
			return "count takes an event kind and a span, such as count(\"appointment.noshow\", \"60d\")"
		case name == "days_since":
			return "days_since takes an event kind, such as days_since(\"appointment.attended\")"
		case name == "late_cancellations":
			return "late_cancellations takes the least notice and a span, such as late_cancellations(\"24h\", \"30d\")"
		case name == "duration":
			return "duration takes one text, such as duration(\"48h\")"
		}
		return "unknown name " + quoteWithSuggestion(name, l.names)
	}
	if rest, ok := strings.CutPrefix(message, "found no matching overload for '"); ok {
		name, rest, _ := strings.Cut(rest, "'")
		_, rest, _ = strings.Cut(rest, "'(")
		args, _, _ := strings.Cut(rest, ")'")
		words := strings.Split(args, ", ")
		for i, w := range words {
			words[i] = typeWord(w)
		}
		return fmt.Sprintf("%#q does not go with %s", operatorWord(name), strings.Join(words, " and "))
	}
	if rest, ok := strings.CutPrefix(message, "Syntax error: "); ok {
		rest, _, _ = strings.Cut(rest, " expecting {")
		if strings.HasPrefix(rest, "token recognition error at: '=") {
			return "the condition cannot be read: a comparison is written `==`"
		}
		return "the condition cannot be read: " + rest
	}
	return message
}

// operatorWord is how an operator is written.
func operatorWord(name string) string {
	if s, ok := operators.FindReverse(name); ok && s != "" {
		return s
	}
	switch name {
	case operators.Conditional:
		return "? :"
	case operators.Index:
		return "[ ]"
	}
	return name
}

// typeWord names a CEL type in plain words.
func typeWord(t string) string {
	switch t {
	case "string":
		return "a text"
	case "int", "uint", "double":
		return "a number"
	case "bool":
		return "a yes or no"
	case "google.protobuf.Duration", "duration":
		return "a duration"
	case "list(string)":
		return "a list of texts"
	}
	return "a " + t
}
