package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mooring-care/mooring/internal/jetstream"
	"github.com/mooring-care/mooring/internal/links"
	"github.com/mooring-care/mooring/notifier"
	"github.com/mooring-care/mooring/notifier/templates"
	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/calendar"
	"github.com/mooring-care/mooring/workflows/escalation"
	"github.com/mooring-care/mooring/workflows/runner"
)

const (
	// digestTasks is how many tasks a digest lists, each with a link and a code.
	digestTasks = 10
	// digestPatience is for how long a digest waits until every client's record can be
	// read; then it is made of those that can.
	digestPatience = 15 * time.Minute
	// digestAgain is after how long a digest that could not be made is tried again.
	digestAgain = 2 * time.Minute
	// digestWithin bounds the sending of one.
	digestWithin = 20 * time.Second
)

// digestPrefix begins the ids of digests: no decision asked for them.
const digestPrefix = "digest"

// digester mails everybody who has open tasks once on each day that they work. As the
// watcher it has a way to the mail provider of its own, and it holds up nothing else.
type digester struct {
	a     *App
	watch *jetstream.Watch
	every time.Duration
	// done is the last day, by clinic and person, for which nothing is left to do, and
	// again until when somebody's is not looked at.
	done  map[string]calendar.Day
	again map[string]digestPause
	// looked counts the looks.
	looked atomic.Int64
}

func newDigester(a *App) *digester {
	g := &digester{a: a, watch: a.watcher.watch, every: watchEvery, done: map[string]calendar.Day{}, again: map[string]digestPause{}}
	if a.watchEvery > 0 {
		g.every = a.watchEvery
	}
	return g
}

// run looks until ctx ends.
func (g *digester) run(ctx context.Context) {
	for pause(ctx, g.every) {
		g.once(ctx)
		g.looked.Add(1)
	}
}

// digestPause is until when, on the machine's clock, a day's digest is not looked at.
type digestPause struct {
	day   calendar.Day
	until time.Time
}

// digestDue is somebody whose working day has begun, and of whose digest this replica
// does not know that it was made.
type digestDue struct {
	person *escalation.Person
	day    calendar.Day
	from   time.Time
}

func (g *digester) key(c *version, person string) string { return c.ID + " " + person }

// once makes the digests that are due.
func (g *digester) once(ctx context.Context) {
	if g.a.clock.Speed() > 1 || !g.watch.Ready() {
		return // days pass in seconds, and nobody reads a mail on each of them
	}
	now := g.a.clock.Now()
	for _, id := range slices.Sorted(maps.Keys(g.a.clinics.byID)) {
		c := g.a.clinics.byID[id].current
		if !c.Digest {
			continue
		}
		due := g.due(ctx, c, now)
		if len(due) == 0 {
			continue
		}
		readers, err := g.readers(ctx, c, now)
		for _, x := range due {
			if ctx.Err() != nil {
				return
			}
			if err != nil && now.Sub(x.from) < digestPatience {
				continue
			}
			g.make(ctx, c, x, readers[x.person.ID], now)
		}
		if err != nil {
			g.a.log.Warn("not every open task can be read for the digests", "clinic", id, "error", err)
		}
	}
}

// due are those whose digest may have to be made now.
func (g *digester) due(ctx context.Context, c *version, now time.Time) []digestDue {
	var out []digestDue
	for i := range c.Staff.People {
		p := &c.Staff.People[i]
		day, from, to, works := c.DigestDay(p, now)
		key := g.key(c, p.ID)
		if p.Emergency || p.Email == "" || !works || now.Before(from) || !now.Before(to) || g.done[key] >= day || g.again[key].day == day && time.Now().Before(g.again[key].until) {
			continue
		}
		last, err := g.a.store.LastDigest(ctx, c.ID, p.ID)
		switch {
		case err != nil:
			g.later(c, digestDue{p, day, from}, "whether it was made cannot be seen", err)
		case last.Day >= day && last.Made:
			g.done[key] = day
		case last.Day >= day:
			// Another replica is at it, or died while it was.
			g.again[key] = digestPause{day, time.Now().Add(digestAgain)}
		default:
			out = append(out, digestDue{p, day, from})
		}
	}
	return out
}

func (g *digester) later(c *version, x digestDue, what string, err error) {
	g.again[g.key(c, x.person.ID)] = digestPause{x.day, time.Now().Add(digestAgain)}
	g.a.log.Warn("a digest has to wait; trying again", "clinic", c.ID, "because", what, "error", err)
}

// readers are the clients of whose open tasks each person is to read. It fails where
// some may be missing.
func (g *digester) readers(ctx context.Context, c *version, now time.Time) (map[string][]runner.Ref, error) {
	err := g.a.store.Watched(ctx, g.watch)
	out := map[string][]runner.Ref{}
	for _, ref := range g.watch.Tasked(c.ID) {
		s, _, readErr := g.a.runner.State(ctx, ref)
		if readErr != nil {
			err = cmp.Or(err, readErr)
			continue
		}
		for _, l := range s.Listed(c.Clinic, now) {
			if refs := out[l.Person]; len(refs) == 0 || refs[len(refs)-1] != ref {
				out[l.Person] = append(refs, ref)
			}
		}
	}
	return out, err
}

// openTask is one task of a client.
type openTask struct {
	ref  runner.Ref
	task workflows.Task
}

// tasks are those that a person is to read of, as the leader has them now, the one due
// first at the top.
func (g *digester) tasks(ctx context.Context, c *version, person string, refs []runner.Ref, now time.Time) (out []openTask, err error) {
	for _, ref := range refs {
		s, _, readErr := g.a.runner.State(ctx, ref)
		if readErr != nil {
			err = cmp.Or(err, readErr)
			continue
		}
		for _, l := range s.Listed(c.Clinic, now) {
			if l.Person == person {
				out = append(out, openTask{ref, l.Task})
			}
		}
	}
	slices.SortFunc(out, func(a, b openTask) int {
		return cmp.Or(a.task.Due.Compare(b.task.Due), a.task.Opened.Compare(b.task.Opened), cmp.Compare(a.task.ID, b.task.ID))
	})
	return out, err
}

// make writes one person's digest and sends it, where no other replica has. Where
// nothing is open the day is done without a mail: what is opened later has a mail of
// its own.
func (g *digester) make(ctx context.Context, c *version, x digestDue, refs []runner.Ref, now time.Time) {
	key := g.key(c, x.person.ID)
	open, err := g.tasks(ctx, c, x.person.ID, refs, now)
	if err != nil && now.Sub(x.from) < digestPatience {
		g.later(c, x, "not every open task can be read", err)
		return
	}
	var mail notifier.Mail
	if len(open) > 0 {
		if mail, err = g.mail(c, x, open, now); err != nil {
			g.done[key] = x.day
			g.a.log.Error("a digest cannot be written; whoever it is for gets none today", "clinic", c.ID, "error", err)
			return
		}
	}
	// A stop does not come between the taking and the sending.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), digestWithin)
	defer cancel()
	taken, mine, err := g.a.store.TakeDigest(ctx, c.ID, x.person.ID, x.day)
	if err != nil {
		g.later(c, x, "it could not be taken on", err)
		return
	}
	if !mine {
		return // the next look sees what became of it
	}
	if len(open) > 0 && !g.send(ctx, c, x, mail, taken) {
		return
	}
	g.done[key] = x.day
	if err := g.a.store.DigestMade(ctx, c.ID, x.person.ID, taken); err != nil {
		g.a.log.Warn("that a digest was made could not be kept; it is made only once all the same", "clinic", c.ID, "error", err)
	}
}

// send hands the mail to the provider, and gives the day back where it certainly did
// not leave and may do so later. It says whether the day is done.
func (g *digester) send(ctx context.Context, c *version, x digestDue, mail notifier.Mail, taken jetstream.Digest) bool {
	_, err := g.a.provider.Send(ctx, mail)
	if err == nil {
		return true
	}
	class := notifier.Classify(err).Class
	if class != notifier.RetryAfter {
		g.a.log.Error("a digest did not leave, or nobody can tell; it is not sent again today", "clinic", c.ID, "error", class.String())
		return true
	}
	g.later(c, x, "the provider does not take it yet", errors.New(class.String()))
	if err := g.a.store.ReturnDigest(ctx, c.ID, x.person.ID, taken); err != nil {
		g.a.log.Error("a digest that could not leave could not be given back; whoever it is for gets none today", "clinic", c.ID, "error", err)
	}
	return false
}

// mail writes a digest. It names no client; each task has a link and a code of its own.
func (g *digester) mail(c *version, x digestDue, open []openTask, now time.Time) (notifier.Mail, error) {
	p, language := x.person, c.wording.Speaks("digest", c.Language())
	v := templates.Values{
		ClinicName: c.Name, ClinicPhone: c.Phone, StaffName: p.Name, StaffURL: g.a.staffURL() + "/",
		TaskCount: len(open), TaskMore: max(0, len(open)-digestTasks),
	}
	r := &renderer{keys: g.a.secrets.linkKeys, publicURL: g.a.publicURL(), clock: g.a.clock}
	for _, o := range open[:min(len(open), digestTasks)] {
		t := templates.Task{What: o.task.What, Since: templates.Day(language, o.task.Opened.In(c.Zone))}
		if due := templates.Moment(language, o.task.Due.In(c.Zone)); o.task.Due.After(now) {
			t.Due = due
		} else {
			t.Late = due
		}
		if owner := c.Staff.Person(o.task.Owner); owner != nil && owner.ID != p.ID {
			t.Owner = owner.Name
		}
		m := notifier.Message{Clinic: c.ID, Key: o.ref.Key, Person: p.ID, Asked: x.from}
		t.URL, t.Code = r.staffLink("t", m, links.Task, o.task.ID)
		v.Tasks = append(v.Tasks, t)
	}
	out, err := c.wording.Render("digest", language, templates.Unknown, v)
	if err != nil {
		return notifier.Mail{}, err
	}
	id := digestID(c.ID, p.ID, x.day)
	_, domain, _ := strings.Cut(c.From.Email, "@")
	return notifier.Mail{
		ID: id, Attempt: 1, Lane: notifier.Safety, MessageID: id + "@" + domain, Date: now,
		From: notifier.Address(c.From), ReplyTo: notifier.Address(c.ReplyTo), To: notifier.Address{Name: p.Name, Email: p.Email},
		Subject: out.Subject, Text: out.Text, HTML: out.HTML, Origin: notifier.Origin{Clinic: c.ID, Version: c.Version, Language: out.Language},
	}, nil
}

// digestID is the same for one person and day, and names neither.
func digestID(clinic, person string, day calendar.Day) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", clinic, person, day))
	return digestPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))[:20]
}
