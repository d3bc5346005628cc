package mailbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier/mime"
)

// ErrName is a name that no file of this package has.
var ErrName = errors.New("not the name of a mail file")

// maxFile is the most that is read of one file.
const maxFile = 8 << 20

// Entry is one mail in the folder. All but Size is read off its name.
type Entry struct {
	Name      string
	Time      time.Time
	MessageID string // the message's own id, not the Message-ID header
	Attempt   int
	Size      int64 // octets; 0 where a crash left a name without a mail
}

// List is the newest mails first, at most limit of them; 0 is all. Other files
// in the folder are passed over.
func (b *Mailbox) List(limit int) ([]Entry, error) {
	all, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("list mailbox: %w", err)
	}
	// ReadDir sorts by name, and names sort by time.
	var out []Entry
	for _, e := range slices.Backward(all) {
		if limit > 0 && len(out) == limit {
			break
		}
		entry, ok := ParseName(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil {
			entry.Size = info.Size()
			out = append(out, entry)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("list mailbox: %w", err)
		}
	}
	return out, nil
}

// Read parses one file of the folder. A name that List cannot have given is
// ErrName, one that is not there fs.ErrNotExist.
func (b *Mailbox) Read(name string) (Parsed, error) {
	if _, ok := ParseName(name); !ok {
		return Parsed{}, fmt.Errorf("read mail: %w", ErrName)
	}
	// A root keeps even a planted link from leading out of the folder.
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return Parsed{}, fmt.Errorf("read mail: %w", err)
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(name)
	if err != nil {
		return Parsed{}, fmt.Errorf("read mail: %w", err)
	}
	defer func() { _ = f.Close() }()
	return mime.Parse(io.LimitReader(f, maxFile))
}

// ParseName takes a mail's name apart and accepts exactly those that Send writes.
func ParseName(name string) (Entry, bool) {
	at, rest, ok := strings.Cut(name, "-")
	base, isMail := strings.CutSuffix(rest, suffix)
	i := strings.LastIndexByte(base, '-')
	if !ok || !isMail || i < 0 {
		return Entry{}, false
	}
	when, err := time.Parse(stamp, at)
	if err != nil || when.Format(stamp) != at {
		return Entry{}, false
	}
	attempt, err := strconv.Atoi(base[i+1:])
	if err != nil || attempt < 1 || strconv.Itoa(attempt) != base[i+1:] || !validID(base[:i]) {
		return Entry{}, false
	}
	return Entry{Name: name, Time: when, MessageID: base[:i], Attempt: attempt}, true
}

func validID(id string) bool {
	for _, c := range []byte(id) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !ok {
			return false
		}
	}
	return id != ""
}

// Parsed is a mail as its bytes have it.
type Parsed = mime.Parsed
