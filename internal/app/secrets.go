package app

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/internal/links"
)

// keep reads a secret from the environment's value, else from its file in the
// data folder, else makes it and keeps it there, readable by the owner alone.
func keep(dir, name string, given Secret, fresh func() string) (string, error) {
	if given != "" {
		return string(given), nil
	}
	path := filepath.Join(dir, "keys", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the folder for keys: %w", err)
	}
	for {
		b, err := os.ReadFile(path)
		if err == nil {
			return strings.TrimSpace(string(b)), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read the key %s: %w", name, err)
		}
		if err := writeOnce(path, []byte(fresh()+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("keep the key %s: %w", name, err)
		}
	}
}

// writeOnce writes a file whole or not at all, and never over another.
func writeOnce(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}

// secrets are all that the program needs to keep.
type secrets struct {
	clientKey   []byte
	linkKeys    *links.Keys
	events      string // password of the NATS user events
	operator    string // password of the NATS user operator
	store       string
	storeOld    string
	eventTokens map[string]string
}

// keyNotLost refuses to make a new client key beside streams that were written
// under another: a backup of the folder would then keep the wrong one.
func keyNotLost(c *Config) error {
	if c.ClientKey != "" || c.NATSURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(c.Data, "keys", "client-key")); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(c.Data, "streams", "jetstream")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &ConfigError{"MOORING_CLIENT_KEY", "is missing: the data folder has streams and its file keys/client-key is gone; restore the file, or set the variable to the key that was kept"}
}

func readSecrets(c *Config, clinics []string) (*secrets, error) {
	s := &secrets{}
	var err error
	if s.store, s.storeOld, err = storeKeys(c); err != nil {
		return nil, err
	}
	if err := keyNotLost(c); err != nil {
		return nil, err
	}
	text, err := keep(c.Data, "client-key", c.ClientKey, func() string { return base64.StdEncoding.EncodeToString(random(32)) })
	if err != nil {
		return nil, err
	}
	if s.clientKey, err = base64.StdEncoding.DecodeString(text); err != nil || len(s.clientKey) < 16 {
		return nil, &ConfigError{"MOORING_CLIENT_KEY", "is not base64 of at least 16 bytes (32 are usual)"}
	}
	if text, err = keep(c.Data, "link-keys", c.LinkKeys, func() string { return links.Generate().Export() }); err != nil {
		return nil, err
	}
	if s.linkKeys, err = links.ParseKeys(text); err != nil {
		return nil, &ConfigError{"MOORING_LINK_KEYS", err.Error()}
	}
	if c.NATSURL == "" {
		if s.events, err = keep(c.Data, "nats-events-password", c.NATSPassword, rand.Text); err != nil {
			return nil, err
		}
		if s.operator, err = keep(c.Data, "nats-operator-password", "", rand.Text); err != nil {
			return nil, err
		}
	}
	s.eventTokens = map[string]string{}
	if c.EventTokens != "" {
		for pair := range strings.SplitSeq(string(c.EventTokens), ",") {
			clinic, token, ok := strings.Cut(strings.TrimSpace(pair), ":")
			if !ok || len(token) < 16 {
				return nil, &ConfigError{"MOORING_EVENT_TOKENS", "is not clinic:token pairs with tokens of at least 16 characters"}
			}
			if !slices.Contains(clinics, clinic) {
				return nil, &ConfigError{"MOORING_EVENT_TOKENS", "names a clinic that is not configured"}
			}
			s.eventTokens[clinic] = token
		}
	} else if c.NATSURL == "" {
		for _, clinic := range clinics {
			if s.eventTokens[clinic], err = keep(c.Data, "event-token-"+clinic, "", rand.Text); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// storeKeys are the keys that encrypt the streams at rest, the present one and
// the one before.
func storeKeys(c *Config) (key, old string, err error) {
	key, old = string(c.StoreKey), string(c.StoreKeyOld)
	if c.StoreKeyFile != "" && key == "" {
		if below(c.StoreKeyFile, c.Data) {
			return "", "", &ConfigError{"MOORING_STORE_KEY_FILE", "is in the data folder: a copy of the disk must not hold the key to it"}
		}
		b, err := os.ReadFile(c.StoreKeyFile)
		if err != nil {
			return "", "", &ConfigError{"MOORING_STORE_KEY_FILE", "cannot be read: " + errText(err)}
		}
		if key = string(bytes.TrimSpace(b)); len(key) < minStoreKey {
			return "", "", &ConfigError{"MOORING_STORE_KEY_FILE", "holds no key of at least 16 characters; without one nothing would be encrypted"}
		}
	}
	return key, old, nil
}

// below says whether a file is inside a folder, links followed as far as they
// lead.
func below(file, dir string) bool {
	rel, err := filepath.Rel(resolved(dir), resolved(file))
	return err == nil && filepath.IsLocal(rel)
}

func resolved(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// plainStreams says whether a folder of streams holds one that was written
// without a key; the server then encrypts it as it opens it.
func plainStreams(dir string) bool {
	metas, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "meta.inf"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(metas, func(meta string) bool {
		_, err := os.Stat(filepath.Join(filepath.Dir(meta), "meta.key"))
		return errors.Is(err, fs.ErrNotExist)
	})
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
