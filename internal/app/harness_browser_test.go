package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// browser is one person's, with cookies of its own.
type browser struct {
	p *program
	c http.Client
}

func (p *program) browser() *browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, p.addrs[addr])
	}, DisableKeepAlives: true}
	return &browser{p, http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// page is what a browser got.
type page struct {
	status int
	header http.Header
	text   string
}

func (b *browser) do(method, address, contentType, body string, header map[string]string) page {
	b.p.t.Helper()
	req, err := http.NewRequestWithContext(b.p.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.p.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.p.t.Error(err) // Error, since it may be one of several goroutines
		return page{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.p.t.Error(err)
	}
	return page{resp.StatusCode, resp.Header, string(text)}
}

func (b *browser) get(address string) page {
	b.p.t.Helper()
	return b.do(http.MethodGet, address, "", "", nil)
}

// post presses a button: pairs are the form's fields.
func (b *browser) post(address string, pairs ...string) page {
	b.p.t.Helper()
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Add(pair[0], pair[1])
	}
	return b.do(http.MethodPost, address, "application/x-www-form-urlencoded", form.Encode(), nil)
}

// field is the value of a hidden field of the page's forms.
func (g page) field(t testing.TB, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(g.text)
	if m == nil {
		t.Fatalf("no field %q in the page (%d):\n%s", name, g.status, g.text)
	}
	return m[1]
}
