// Package fakesendgrid is a mail provider for tests: it answers as SendGrid
// documents its v3 mail endpoint, fails as it is told, and keeps on disk what it
// took, so that a test can kill the program under test and still count.
//
// It shares no code with the client it tests.
package fakesendgrid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is SendGrid's own bound of a request, 30 MB.
const maxBody = 30 << 20

// Config says where a server listens and what it expects.
type Config struct {
	Listen string // host:port, "" is 127.0.0.1:0
	// Log is the file that a line of JSON is appended to, and flushed, for every
	// mail taken, before the answer; "" keeps the record in memory alone.
	Log string
	// Key is the only API key that is let in, "" for any that is not empty.
	Key string
	// KeepText has the record hold each mail's plain text too.
	KeepText bool
	// Answers is the file that a line of JSON is appended to for every answer to
	// a mail that could be read, before it is given; "" keeps them in memory
	// alone.
	Answers string
}

// Entry is one mail that was taken.
type Entry struct {
	Time      time.Time `json:"time"`
	Began     time.Time `json:"began"`   // when its request came in
	MID       string    `json:"mid"`     // custom_args.mid
	Attempt   string    `json:"attempt"` // custom_args.attempt
	MessageID string    `json:"message_id"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	// Lane is a guess: safety where the mail bypasses suppression lists.
	Lane   string `json:"lane"`
	Status int    `json:"status"` // what the client was answered, 0 for nothing
	Fault  Fault  `json:"fault"`
	// Text is the mail's plain part, for whoever plays its reader; see KeepText.
	Text string `json:"text,omitempty"`
}

// Request is one request as it came in, taken or not.
type Request struct {
	Header http.Header
	Body   []byte
	Remote string // the client's end of the connection
	Fault  Fault  // how it was answered
}

// Server is a running provider.
type Server struct {
	url  string
	cfg  Config
	http *http.Server
	done chan struct{}

	mu       sync.Mutex // guards all below, and the order of the log's lines
	script   Script
	rng      *rand.Rand
	log      *os.File
	answers  *os.File
	taken    []Entry
	answered []Answer
	requests []Request
}

// Start listens and serves until Close.
func Start(cfg Config) (*Server, error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	s := &Server{cfg: cfg, done: make(chan struct{}), rng: newRand(0)}
	if cfg.Log != "" {
		f, err := openLog(cfg.Log)
		if err != nil {
			return nil, fmt.Errorf("start fake sendgrid: %w", err)
		}
		s.log = f
	}
	if cfg.Answers != "" {
		f, err := openLog(cfg.Answers)
		if err != nil {
			_ = s.closeLog()
			return nil, fmt.Errorf("start fake sendgrid: %w", err)
		}
		s.answers = f
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		_ = s.closeLog()
		return nil, fmt.Errorf("start fake sendgrid: %w", err)
	}
	s.url = "http://" + l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/v3/mail/send", s.send)
	mux.HandleFunc("/_control", s.control)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, wrong("", "not found"))
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(l) }()
	return s, nil
}

// openLog opens the log for appending. Half a line at its end is what a killed
// server never answered for; it would spoil the line after it.
func openLog(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if err == nil {
		err = f.Truncate(int64(bytes.LastIndexByte(data, '\n') + 1))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// URL is the base address, without a slash at its end.
func (s *Server) URL() string { return s.url }

// Close ends every connection, hanging ones too.
func (s *Server) Close() error {
	close(s.done)
	err := s.http.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.closeLog())
}

func (s *Server) closeLog() error {
	var errs []error
	for _, f := range []*os.File{s.log, s.answers} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	s.log, s.answers = nil, nil
	return errors.Join(errs...)
}

// Script replaces what is queued and drawn.
func (s *Server) Script(script Script) error {
	if err := script.check(); err != nil {
		return fmt.Errorf("script fake sendgrid: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.rng = script, newRand(script.Seed)
	return nil
}

func newRand(seed uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, 0))
}

// Received is every mail taken since the start, in order.
func (s *Server) Received() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry{}, s.taken...)
}

// Requests is every mail request whose body was read, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// next is how the next request is answered.
func (s *Server) next() (Fault, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reset := s.script.ResetIn
	if reset == 0 {
		reset = 2
	}
	if len(s.script.Queue) > 0 {
		f := s.script.Queue[0]
		s.script.Queue = s.script.Queue[1:]
		return f, reset
	}
	if len(s.script.Chances) == 0 {
		return Accept, reset
	}
	x := s.rng.Float64()
	for _, f := range faults() { // in a fixed order, so that a seed repeats
		if x -= s.script.Chances[f]; x < 0 {
			return f, reset
		}
	}
	return Accept, reset
}

func (s *Server) send(w http.ResponseWriter, r *http.Request) {
	began := time.Now().UTC()
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.Method != http.MethodPost:
		refuse(w, http.StatusMethodNotAllowed, wrong("", "method not allowed"))
		return
	case !ok || key == "" || s.cfg.Key != "" && key != s.cfg.Key:
		refuse(w, http.StatusUnauthorized, wrong("", "The provided authorization grant is invalid, expired, or revoked"))
		return
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		refuse(w, http.StatusUnsupportedMediaType, wrong("", "Content-Type should be application/json."))
		return
	}
	fault, reset := s.next()
	if fault == CutBefore {
		s.cut(w)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client went away inside its request: nothing was taken
	}
	s.mu.Lock()
	s.requests = append(s.requests, Request{Header: r.Header.Clone(), Body: body, Remote: r.RemoteAddr, Fault: fault})
	s.mu.Unlock()
	if len(body) > maxBody {
		fault = TooLarge
	}
	mail, problems := check(body)
	unsound := len(problems) > 0 && fault.Taken()
	status := fault.status()
	if unsound {
		status = http.StatusBadRequest
	}
	if err := s.note(Answer{Time: began, MID: mail.CustomArgs["mid"], Attempt: mail.CustomArgs["attempt"], Status: status}); err != nil {
		refuse(w, http.StatusInternalServerError, wrong("", "the answer cannot be written down"))
		return
	}
	if unsound {
		refuse(w, http.StatusBadRequest, problems...)
		return
	}
	if fault.Taken() {
		// On disk before the answer: a mail that the client knows to be accepted is
		// always on the record.
		if err := s.take(mail, fault, began); err != nil {
			refuse(w, http.StatusInternalServerError, wrong("", "the record cannot be written"))
			return
		}
	}
	s.answer(w, r, fault, reset)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, fault Fault, reset int) {
	limits := func(remaining int) {
		w.Header().Set("X-RateLimit-Limit", "600")
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(remaining))
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Duration(reset)*time.Second).Unix(), 10))
	}
	switch fault {
	case Accept, LastOne:
		if fault == LastOne {
			limits(0)
		}
		w.Header().Set("X-Message-Id", fmt.Sprintf("fake%016x", rand.Uint64()))
		w.WriteHeader(http.StatusAccepted)
	case CutAnswer:
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		s.cut(w)
	case Bad:
		refuse(w, http.StatusBadRequest, wrong("personalizations.0.to.0.email", "Does not contain a valid address."))
	case BadKey:
		refuse(w, http.StatusUnauthorized, wrong("", "The provided authorization grant is invalid, expired, or revoked"))
	case Forbidden:
		refuse(w, http.StatusForbidden, wrong("from", "The from address does not match a verified Sender Identity."))
	case TooLarge:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(w, "<html><head><title>413 Request Entity Too Large</title></head><body>413</body></html>")
	case TooMany:
		limits(0)
		refuse(w, http.StatusTooManyRequests, wrong("", "too many requests"))
	case Broken, TakenFail:
		refuse(w, http.StatusInternalServerError, wrong("", "internal server error"))
	case BadGate:
		w.WriteHeader(http.StatusBadGateway)
	case Away:
		refuse(w, http.StatusServiceUnavailable, wrong("", "service unavailable"))
	case LateGate:
		w.WriteHeader(http.StatusGatewayTimeout)
	case OddOK:
		w.WriteHeader(http.StatusOK)
	case Redirect:
		w.Header().Set("Location", s.url+"/v3/mail/send")
		w.WriteHeader(http.StatusFound)
	case Hang, HangBlind:
		select {
		case <-s.done:
		case <-r.Context().Done():
		}
	default: // CutAfter
		s.cut(w)
	}
}

// cut ends the connection without a word.
func (s *Server) cut(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

func (s *Server) take(p Payload, fault Fault, began time.Time) error {
	e := Entry{
		Time: time.Now().UTC(), Began: began, MID: p.CustomArgs["mid"], Attempt: p.CustomArgs["attempt"], Subject: p.Subject,
		MessageID: strings.Trim(p.Headers["Message-ID"], "<>"), To: p.Personalizations[0].To[0].Email,
		Lane: "care", Status: fault.status(), Fault: fault,
	}
	if p.MailSettings.BypassListManagement.Enable {
		e.Lane = "safety"
	}
	for _, c := range p.Content {
		if s.cfg.KeepText && c.Type == "text/plain" {
			e.Text = c.Value
		}
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != nil {
		if _, err := s.log.Write(append(line, '\n')); err != nil {
			return err
		}
		if err := s.log.Sync(); err != nil {
			return err
		}
	}
	s.taken = append(s.taken, e)
	return nil
}

func refuse(w http.ResponseWriter, status int, problems ...problem) {
	writeJSON(w, status, map[string][]problem{"errors": problems})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client's going away is its own affair
}

// control: GET answers {"received": [...]}, POST takes a Script.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, http.StatusOK, map[string][]Entry{"received": s.Received()})
	case http.MethodPost:
		var script Script
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		dec.DisallowUnknownFields()
		err := dec.Decode(&script)
		if err == nil {
			err = s.Script(script)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

// ReadLog reads what a server took, also of one that was killed: a last line
// without its end was not flushed, and nobody was told that its mail was taken.
func ReadLog(path string) ([]Entry, error) { return readLines[Entry](path) }

func readLines[T any](path string) ([]T, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read fake sendgrid's log: %w", err)
	}
	var out []T
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return out, nil
		}
		var e T
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("read fake sendgrid's log, line %d: %w", len(out)+1, err)
		}
		out, data = append(out, e), rest
	}
}

// SendScript sets the script of a server in another process.
func SendScript(ctx context.Context, url string, script Script) error {
	body, err := json.Marshal(script)
	if err != nil {
		return fmt.Errorf("script fake sendgrid: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/_control", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("script fake sendgrid: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("script fake sendgrid: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return fmt.Errorf("script fake sendgrid: %s: %s", resp.Status, text)
	}
	return nil
}
