package workflows

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var updateFields = flag.Bool("update-fields", false, "write down the fields of a client's state")

// fieldsOf lists the JSON names of a type's fields, with those of the types in it.
func fieldsOf(t reflect.Type, at string, seen []reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.Contains(t.PkgPath(), "mooring") || slices.Contains(seen, t) {
		return nil
	}
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out = append(out, at+name)
		out = append(out, fieldsOf(f.Type, at+name+".", append(seen, t))...)
	}
	return out
}

// TestStateVersion: a field that an older program would drop needs a new StateVersion, so
// that it leaves the record alone.
func TestStateVersion(t *testing.T) {
	got := fmt.Sprintf("version %d\n%s\n", StateVersion, strings.Join(fieldsOf(reflect.TypeFor[State](), "", nil), "\n"))
	file := filepath.Join("testdata", "state-fields.txt")
	if *updateFields {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got {
		return
	}
	was, _, _ := strings.Cut(string(want), "\n")
	if was == fmt.Sprint("version ", StateVersion) {
		t.Errorf("the fields of a state have changed, and StateVersion is %d still: raise it, then go test ./workflows -run StateVersion -update-fields", StateVersion)
	} else {
		t.Error("write the fields down: go test ./workflows -run StateVersion -update-fields")
	}
}
