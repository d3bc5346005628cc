// Package mailbox is the provider that sends nothing: every mail becomes a new
// file in a folder, for a first look, for tests and for the demo.
//
// It owns the folder's names and reads its own files back. It must never know
// wording, or reach a network.
package mailbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/mime"
)

const (
	// stamp sorts by name as it sorts by time; it is always written in UTC.
	stamp      = "20060102T150405.000000000Z"
	suffix     = ".eml"
	tempPrefix = ".unfinished-"
	// Two sends in one nanosecond are told apart by moving the later one on.
	maxBumps = 1000
	// An unfinished file this old was left by a crash.
	tempAge = time.Hour
)

// Mailbox writes each mail to its own file. It may be used by many goroutines,
// and a folder by many processes.
type Mailbox struct {
	dir   string
	clock func() time.Time
	// Inspect looks at each mail before it is written; nil looks at nothing. It is set
	// before the first mail.
	Inspect notifier.Inspect
	// The steps that a test makes fail.
	link    func(from, to string) error
	syncDir func(dir string) error
}

var _ notifier.Provider = (*Mailbox)(nil)

// New opens the folder dir and makes it (0700) where it is missing. Files are
// named by clock. What a crash left unfinished an hour ago or more is removed.
func New(dir string, clock func() time.Time) (*Mailbox, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	if err := sweep(abs); err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	return &Mailbox{dir: abs, clock: clock, link: place, syncDir: syncDir}, nil
}

// Dir is the folder, as an absolute path.
func (b *Mailbox) Dir() string { return b.dir }

// Send writes m to the new file <time>-<m.ID>-<m.Attempt>.eml, whose name is
// the receipt's ProviderID. No file is ever overwritten.
//
// A mail that cannot be composed is Permanent; a folder that does not take it is
// RetryAfter; a file that is there and may not outlive a power cut is Ambiguous.
func (b *Mailbox) Send(ctx context.Context, m notifier.Mail) (notifier.Receipt, error) {
	data, err := mime.Leaving(m, b.Inspect)
	if err != nil {
		return notifier.Receipt{}, err
	}
	temp, err := writeTemp(b.dir, data)
	if err != nil {
		return notifier.Receipt{}, failed(notifier.RetryAfter, "mailbox write", err)
	}
	// A crash from here to the end leaves the unfinished file beside the mail, or
	// alone; List shows neither, and New removes it.
	defer func() { _ = os.Remove(temp) }()
	if err := ctx.Err(); err != nil {
		return notifier.Receipt{}, failed(notifier.RetryAfter, "mailbox cancelled", err)
	}
	name, err := b.place(temp, m)
	if err != nil {
		return notifier.Receipt{}, failed(notifier.RetryAfter, "mailbox name", err)
	}
	if err := b.syncDir(b.dir); err != nil {
		return notifier.Receipt{}, failed(notifier.Ambiguous, "mailbox sync", err)
	}
	return notifier.Receipt{ProviderID: name}, nil
}

// place gives the finished file its name: the first free nanosecond from now.
func (b *Mailbox) place(temp string, m notifier.Mail) (string, error) {
	at := b.clock().UTC()
	for range maxBumps {
		name := fmt.Sprintf("%s-%s-%d%s", at.Format(stamp), m.ID, m.Attempt, suffix)
		err := b.link(temp, filepath.Join(b.dir, name))
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		at = at.Add(time.Nanosecond)
	}
	return "", fmt.Errorf("name the mail file: %d names are taken: %w", maxBumps, fs.ErrExist)
}

func failed(class notifier.Class, detail string, err error) error {
	return &notifier.SendError{Class: class, Detail: detail, Err: err}
}

func writeTemp(dir string, data []byte) (path string, err error) {
	path = filepath.Join(dir, tempPrefix+rand.Text())
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("create the mail file: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(path)
		return "", fmt.Errorf("write the mail file: %w", err)
	}
	return path, nil
}

// place puts a second name on a finished file; a name that is taken is
// fs.ErrExist. Where the file system knows no links the name is reserved by
// an empty file, and only that reservation is replaced.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return reserve(from, to)
}

func reserve(from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f.Close()
	// A crash here leaves an empty file: a name that is used up and holds no mail.
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		_ = os.Remove(to)
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}

// sweep compares file times with each other's clock, the file system's: it
// touches a file of its own to learn the time there.
func sweep(dir string) error {
	probe, err := writeTemp(dir, nil)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(probe) }()
	now, err := os.Stat(probe)
	if err != nil {
		return err
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if !strings.HasPrefix(e.Name(), tempPrefix) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile: another process's, finished
		}
		if now.ModTime().Sub(info.ModTime()) > tempAge {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return nil
}
