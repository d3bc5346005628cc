package workflows

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/mooring-care/mooring/workflows/finding"
)

// approvedKey begins the block that is no part of what it approves.
const approvedKey = "approved"

// contentVersion is the version of a workflow file: its text without the
// approval. Line ends and empty lines at the end do not count, since editors and
// version control change them.
func contentVersion(lines []string, m *mapping) string {
	if e, ok := m.get(approvedKey); ok && e.at.line >= 1 && e.at.line <= len(lines) {
		lines = lines[:e.at.line-1]
	}
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(strings.TrimRight(l, "\r") + "\n")
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(text.String(), "\n")))
	return "w" + hex.EncodeToString(sum[:])[:16]
}

// approved reads who put the workflow to work.
func (b *builder) approved(m *mapping, e entry) {
	const what = "`approved`"
	r := b.r
	if last := m.entries[len(m.entries)-1]; last.key != approvedKey {
		r.failf(e.at, "`approved` must be the last key of the file: it approves what stands above it")
	}
	if e.at.column != 1 {
		// What stands before it on its line would be approved by nobody.
		r.failf(e.at, "`approved` must begin a line of its own; run `mooring workflow approve` to have it written")
	}
	am, ok := r.mapping(e.value, what, "by", "on", "version")
	if !ok {
		return
	}
	a := &Approval{}
	if e, ok := r.need(am, what, "by", "Dr. Ruth Adeyemi"); ok {
		a.By, _ = r.text(e.value, e.key, 100)
		a.byAt = start(e.value)
	}
	if e, ok := r.need(am, what, "on", "2026-11-02"); ok {
		if s, ok := r.text(e.value, e.key, 40); ok {
			if _, err := time.Parse(time.DateOnly, s); err != nil {
				r.failf(start(e.value), "`on` must be a day such as 2026-11-02, not %#q", shorten(s))
			}
			a.On = s
		}
	}
	if e, ok := r.need(am, what, "version", b.f.workflow.Version); ok {
		a.Version, _ = r.text(e.value, e.key, 40)
		b.f.approved = start(e.value)
	}
	b.f.workflow.Approved = a
}

// stale is the error of a file that was changed after it was approved. It is
// refused and not taken for a draft: a question about safety must not fall silent
// because somebody mended a word.
func (f *workflowFile) stale(file string) *FileError {
	w := f.workflow
	if w.Approved == nil || w.Approved.Version == w.Version {
		return nil
	}
	return &FileError{
		File: file, Line: f.approved.line, Column: f.approved.column, Rule: finding.ApprovalStale,
		Message: fmt.Sprintf("this approves the version %#q, and the file has changed since: it is %#q now; have it read and run `mooring workflow approve`, or take the block out to keep it as a draft that sends nothing",
			shorten(w.Approved.Version), w.Version),
	}
}

// Approve writes a workflow file's approval, in place of one that it had. The
// name is the file's; on is the day. What cannot be read comes back as
// FileErrors.
func Approve(name string, src []byte, by string, on time.Time) ([]byte, *Workflow, error) {
	body := withoutApproval(src)
	w, err := ReadWorkflow(name, body)
	if err != nil {
		return nil, nil, err
	}
	w.Approved = &Approval{By: by, On: on.Format(time.DateOnly), Version: w.Version}
	out := append(bytes.TrimRight(body, "\r\n"), fmt.Sprintf("\n%s:\n  by: %q\n  on: %s\n  version: %s\n", approvedKey, by, w.Approved.On, w.Version)...)
	if _, err := ReadWorkflow(name, out); err != nil {
		return nil, nil, fmt.Errorf("write the approval: %w", err)
	}
	return out, w, nil
}

// withoutApproval cuts the block off, whatever stands in it: it is written anew.
// Where another key follows, nothing is cut: the reader says that the block must
// come last.
func withoutApproval(src []byte) []byte {
	cut, at := -1, 0
	for line := range bytes.Lines(src) {
		switch {
		case cut < 0 && bytes.HasPrefix(line, []byte(approvedKey+":")):
			cut = at
		case cut >= 0 && len(bytes.TrimSpace(line)) > 0 && !bytes.ContainsAny(line[:1], " \t#}"):
			return bytes.Clone(src)
		}
		at += len(line)
	}
	if cut < 0 {
		return bytes.Clone(src)
	}
	return bytes.Clone(src[:cut])
}
